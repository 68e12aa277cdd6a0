import { Controller, Get, Header, type OnModuleInit } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ProcessGroup } from '../processes/process-group.service.js';
import { Metrics } from './metrics.js';
import { textOfAll, type Measured } from './process-metrics.js';

@ApiExcludeController()
@Controller('metrics')
export class MetricsController implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    private readonly processes: ProcessGroup,
  ) {}

  onModuleInit(): void {
    this.processes.answer('metrics', () => this.metrics.registry.getMetricsAsJSON());
  }

  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  async scrape(): Promise<string> {
    if (this.processes.isAlone) return this.metrics.registry.metrics();
    return textOfAll(await this.processes.ask<Measured>('metrics'));
  }
}

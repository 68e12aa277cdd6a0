import { Module } from '@nestjs/common';
import { ProcessGroup } from './process-group.service.js';

@Module({ providers: [ProcessGroup], exports: [ProcessGroup] })
export class ProcessesModule {}

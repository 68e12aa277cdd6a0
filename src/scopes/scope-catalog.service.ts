import { Injectable } from '@nestjs/common';
import { builtInScopes, type ScopeDefinition, type ScopeDefinitions } from '../oauth/scope-definition.js';
import { Clock } from '../platform/time/clock.js';
import type { ScopeEntity } from './scope.entity.js';
import { ScopeRepository } from './scope.repository.js';

/** Another replica uses no older copy; as for clients. */
const FRESH_MS = 1000;

/** All scopes that release claims or have a text, in memory: those that are built in, and those of this deployment. */
@Injectable()
export class ScopeCatalog {
  private held: { readonly definitions: ScopeDefinitions; readonly readAt: number } | undefined;
  private loading: Promise<ScopeDefinitions> | undefined;

  constructor(
    private readonly repository: ScopeRepository,
    private readonly clock: Clock,
  ) {}

  /** By name; at most a second old, or as they were last known while the database is away. */
  definitions(): ScopeDefinitions | Promise<ScopeDefinitions> {
    const { held } = this;
    if (held && Math.abs(this.clock.now() - held.readAt) < FRESH_MS) return held.definitions;
    return this.loading ?? this.load();
  }

  /** After a change. What is being read may be older, and is not kept. */
  forget(): void {
    this.held = undefined;
    this.loading = undefined;
  }

  private load(): Promise<ScopeDefinitions> {
    const readAt = this.clock.now();
    const loading = this.read().then(
      (definitions) => {
        if (this.loading === loading) [this.held, this.loading] = [{ definitions, readAt }, undefined];
        return definitions;
      },
      (error: unknown) => {
        if (this.loading === loading) this.loading = undefined;
        if (this.held) return this.held.definitions;
        throw error;
      },
    );
    return (this.loading = loading);
  }

  private async read(): Promise<ScopeDefinitions> {
    const defined = await this.repository.all();
    return new Map([...builtInScopes, ...defined.map((scope) => [scope.name, definitionOf(scope)] as const)]);
  }
}

const definitionOf = ({ name, claims, into, audience, textEn, textZhHant }: ScopeEntity): ScopeDefinition => ({
  name,
  claims,
  into,
  audience,
  texts: { en: textEn, 'zh-Hant': textZhHant ?? textEn },
});

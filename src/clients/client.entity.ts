import { Column, Entity, PrimaryColumn, type ColumnOptions } from 'typeorm';
import type { Field } from './client-field.js';
import { clientFieldEntries, snakeCase, type ClientFields } from './client-fields.js';

/** One column for each entry of `client-fields.ts`. */
class FieldColumns {}

const columnTypes = { choice: 'text', number: 'integer', flag: 'boolean', set: 'text', text: 'text' } as const;

const columnOf = (name: string, { kind, initially }: Field): ColumnOptions => ({
  name: snakeCase(name),
  type: columnTypes[kind],
  array: kind === 'set',
  nullable: initially === null,
  ...(initially !== null && { default: initially }),
});

for (const [name, field] of clientFieldEntries) Column(columnOf(name, field))(FieldColumns.prototype, name);

/** A client and its policy in one row. Units are in the names. */
@Entity('clients')
export class ClientEntity extends (FieldColumns as new () => ClientFields) {
  @PrimaryColumn('text', { name: 'client_id' })
  clientId: string;

  @Column('text')
  name: string;

  @Column('text')
  type: 'confidential' | 'public';

  /** The longest access token lifetime this client ever had, and so how long its revocations must be remembered. */
  @Column('integer', { name: 'longest_access_token_ttl_seconds' })
  longestAccessTokenTtlSeconds: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;

  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  disabledAt: Date | null;

  /** A deleted client keeps its row: its id is still in tokens and the audit log, and must never be reused. */
  @Column('timestamptz', { name: 'deleted_at', nullable: true })
  deletedAt: Date | null;
}

/** Converts clients between the admin API and storage. Never contains secrets or digests. */
import { clientFieldEntries, snakeCase, type ClientFields } from '../clients/client-fields.js';
import type { ClientRegistration } from '../clients/client-registration.js';
import type { ClientEntity } from '../clients/client.entity.js';
import type { ClientDto, UpdateClientDto } from './client.dto.js';

export const showClient = (client: ClientEntity): ClientDto => ({
  client_id: client.clientId,
  name: client.name,
  type: client.type,
  ...showFields(client),
  disabled: client.disabledAt !== null,
  created_at: client.createdAt.toISOString(),
  updated_at: client.updatedAt.toISOString(),
});

/** Omits fields that are null. */
function showFields(client: ClientFields): Pick<ClientDto, 'refresh'> {
  const refresh: Record<string, unknown> = {};
  const shown: Record<string, unknown> = {};
  for (const [name, { within }] of clientFieldEntries) {
    const place = within === 'refresh' ? refresh : shown;
    if (client[name] !== null) place[snakeCase(name)] = client[name];
  }
  return { ...shown, refresh };
}

/** @returns only the fields that the request named */
export function changesIn(request: UpdateClientDto): Partial<ClientRegistration> & { disabled?: boolean } {
  const { name, disabled } = request;
  const fields = clientFieldEntries.map(([field, { within }]) => {
    const members: object | undefined = within === undefined ? request : request[within];
    return [field, (members as Record<string, unknown> | undefined)?.[snakeCase(field)]] as const;
  });
  const named = [['name', name], ['disabled', disabled], ...fields].filter(([, value]) => value !== undefined);
  return Object.fromEntries(named) as Partial<ClientRegistration> & { disabled?: boolean };
}

/** A problem begins with the name of its field. */
export function fieldProblem(problem: string): { field: string; detail: string } {
  const name = problem.split(' ', 1)[0]!;
  const within = clientFieldEntries.find(([field]) => snakeCase(field) === name)?.[1].within;
  return { field: within === undefined ? name : `${within}.${name}`, detail: problem };
}

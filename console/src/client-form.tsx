/** Registers a client, or changes one: the members that people change, each with what it does. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Problem, send, type Schemas } from './api';
import { useTexts } from './preferences';
import { Action, Failure, Id } from './ui';

type Client = Schemas['ClientDto'];
type Registered = Schemas['RegisteredClientDto'];
const GRANTS = ['authorization_code', 'refresh_token', 'client_credentials'] as const;
const ROTATIONS = ['always', 'public_only', 'never'] as const;
const RESPONSES = ['revoke_family', 'revoke_subject_client', 'revoke_subject', 'report_only'] as const;

const lines = (text: string): string[] => [...new Set(text.split(/\s+/).filter((line) => line !== ''))];

const startOf = (client: Client | undefined) => ({
  name: client?.name ?? '',
  type: client?.type ?? ('confidential' as const),
  grants: client?.grant_types ?? (['authorization_code', 'refresh_token'] as Client['grant_types']),
  scopes: client?.scopes.join(' ') ?? 'openid profile',
  redirects: client?.redirect_uris.join('\n') ?? '',
  rotation: client?.refresh.rotation ?? ('always' as const),
  retry: String(client?.refresh.retry_window_seconds ?? 60),
  idle: String(client?.refresh.idle_ttl_seconds ?? 2_592_000),
  absolute: String(client?.refresh.absolute_ttl_seconds ?? 31_536_000),
  reuse: client?.refresh.reuse_response ?? ('revoke_family' as const),
});

export function ClientForm({ client }: { client?: Client }) {
  const texts = useTexts();
  const queries = useQueryClient();
  const [values, setValues] = useState(() => startOf(client));
  const set = (changes: Partial<typeof values>) => setValues({ ...values, ...changes });
  const saved = useMutation({
    mutationFn: () => {
      const body = {
        name: values.name,
        grant_types: values.grants,
        scopes: lines(values.scopes),
        redirect_uris: lines(values.redirects),
        refresh: {
          rotation: values.rotation,
          retry_window_seconds: Number(values.retry),
          idle_ttl_seconds: Number(values.idle),
          absolute_ttl_seconds: Number(values.absolute),
          reuse_response: values.reuse,
        },
      };
      return client
        ? send<Registered>('PATCH', `/clients/${encodeURIComponent(client.client_id)}`, body)
        : send<Registered>('POST', '/clients', { ...body, type: values.type });
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['/clients'] }),
    gcTime: 0,
  });
  const { fields } = saved.error instanceof Problem ? saved.error : { fields: [] };
  const flawOf = (name: string) => fields.find(({ field }) => field === name || field === `refresh.${name}`)?.detail;
  if (!client && saved.data) return <NewClient registered={saved.data} />;
  const whole = (name: 'retry' | 'idle' | 'absolute', member: string) => (
    <Field label={texts.clients.fields[member]!} hint={texts.clients.hints[member]} flaw={flawOf(member)}>
      <input
        inputMode="numeric"
        pattern="\d+"
        required
        value={values[name]}
        onChange={({ target }) => set({ [name]: target.value })}
      />
    </Field>
  );
  return (
    <form
      className="form card"
      onSubmit={(event) => {
        event.preventDefault();
        saved.mutate();
      }}
    >
      <Field label={texts.clients.name} flaw={flawOf('name')}>
        <input required maxLength={200} value={values.name} onChange={({ target }) => set({ name: target.value })} />
      </Field>
      {!client && (
        <Field label={texts.clients.type} hint={texts.clients.typeHint}>
          <select value={values.type} onChange={({ target }) => set({ type: target.value as Client['type'] })}>
            <option value="confidential">{texts.clients.types.confidential}</option>
            <option value="public">{texts.clients.types.public}</option>
          </select>
        </Field>
      )}
      <fieldset className="form">
        <legend>{texts.clients.grants}</legend>
        {GRANTS.map((grant) => (
          <label key={grant} className="check">
            <input
              type="checkbox"
              checked={values.grants.includes(grant)}
              onChange={({ target }) =>
                set({
                  grants: target.checked ? [...values.grants, grant] : values.grants.filter((one) => one !== grant),
                })
              }
            />
            <span>
              <code>{grant}</code> <span className="muted">{texts.clients.grantTexts[grant]}</span>
            </span>
          </label>
        ))}
        {flawOf('grant_types') && <span className="error">{flawOf('grant_types')}</span>}
      </fieldset>
      <Field label={texts.clients.scopes} hint={texts.clients.scopesHint} flaw={flawOf('scopes')}>
        <input value={values.scopes} onChange={({ target }) => set({ scopes: target.value })} />
      </Field>
      <Field label={texts.clients.redirects} hint={texts.clients.redirectsHint} flaw={flawOf('redirect_uris')}>
        <textarea
          rows={3}
          spellCheck={false}
          value={values.redirects}
          onChange={({ target }) => set({ redirects: target.value })}
        />
      </Field>
      <Field
        label={texts.clients.fields['rotation']!}
        hint={texts.clients.rotations[values.rotation]}
        flaw={flawOf('rotation')}
      >
        <select
          value={values.rotation}
          onChange={({ target }) => set({ rotation: target.value as typeof values.rotation })}
        >
          {ROTATIONS.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </Field>
      <Field label={texts.clients.fields['reuse_response']!} hint={texts.clients.responses[values.reuse]}>
        <select value={values.reuse} onChange={({ target }) => set({ reuse: target.value as typeof values.reuse })}>
          {RESPONSES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </Field>
      {whole('retry', 'retry_window_seconds')}
      {whole('idle', 'idle_ttl_seconds')}
      {whole('absolute', 'absolute_ttl_seconds')}
      {saved.isError && <Failure error={saved.error} />}
      <div className="actions">
        <Action kind="primary" type="submit" isDisabled={saved.isPending}>
          {client ? texts.save : texts.clients.register}
        </Action>
        {saved.isSuccess && <span role="status">{texts.saved}</span>}
      </div>
    </form>
  );
}

function NewClient({ registered }: { registered: Registered }) {
  const texts = useTexts();
  return (
    <div className="card">
      <p className="notice" role="status">
        {texts.clients.registered}
      </p>
      <Id value={registered.client_id} whole />
      {registered.client_secret && (
        <>
          <p className="notice notice-warn">{texts.clients.shownOnce}</p>
          <Id value={registered.client_secret} whole />
        </>
      )}
    </div>
  );
}

interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly flaw?: string | undefined;
  readonly children: ReactNode;
}

const Field = ({ label, hint, flaw, children }: FieldProps) => (
  <label className="field">
    {label}
    {children}
    {hint && <span className="hint">{hint}</span>}
    {flaw && <span className="error">{flaw}</span>}
  </label>
);

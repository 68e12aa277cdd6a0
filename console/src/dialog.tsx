/** Dialogs: one that asks before a change, and one that shows first what a revocation would hit. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import {
  Dialog,
  DialogTrigger,
  Heading,
  Input,
  Label,
  Modal,
  ModalOverlay,
  Text,
  TextField,
} from 'react-aria-components';
import { send, type Schemas } from './api';
import { useTexts } from './preferences';
import { Action, Facts, Failure, Loaded, Moment, Name } from './ui';

interface WindowProps {
  readonly label: string;
  readonly kind?: 'plain' | 'danger' | 'primary';
  readonly title: ReactNode;
  readonly children: (close: () => void) => ReactNode;
}

/** A button, and the dialog that it opens. */
export const Window = ({ label, kind = 'plain', title, children }: WindowProps) => (
  <DialogTrigger>
    <Action kind={kind}>{label}</Action>
    <ModalOverlay className="veil" isDismissable>
      <Modal className="dialog">
        <Dialog>
          {({ close }) => (
            <>
              <Heading slot="title" level={2}>
                {title}
              </Heading>
              {children(close)}
            </>
          )}
        </Dialog>
      </Modal>
    </ModalOverlay>
  </DialogTrigger>
);

interface ConfirmProps {
  readonly label: string;
  readonly kind?: 'plain' | 'danger' | 'primary';
  readonly text: ReactNode;
  readonly act: () => Promise<unknown>;
  /** What may change on the screen. */
  readonly changes: readonly string[];
  readonly children?: ReactNode;
  readonly isReady?: boolean;
}

/** Asks, then acts. */
export function Confirm({ label, kind = 'danger', text, act, changes, children, isReady = true }: ConfirmProps) {
  return (
    <Window label={label} kind={kind} title={label}>
      {(close) => <Asked {...{ label, kind, text, act, changes, isReady, close }}>{children}</Asked>}
    </Window>
  );
}

function Asked({ label, kind, text, act, changes, children, isReady, close }: ConfirmProps & { close: () => void }) {
  const texts = useTexts();
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: act,
    onSuccess: async () => {
      await Promise.all(changes.map((path) => client.invalidateQueries({ queryKey: [path] })));
      close();
    },
  });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) change.mutate();
      }}
    >
      <p>{text}</p>
      {children}
      {change.isError && <Failure error={change.error} />}
      <div className="actions">
        <Action onPress={close}>{texts.cancel}</Action>
        <Action kind={kind ?? 'danger'} type="submit" isDisabled={change.isPending || !isReady}>
          {label}
        </Action>
      </div>
    </form>
  );
}

type RevocationKind = Schemas['RevokeDto']['kind'];
type Outcome = Schemas['RevocationOutcomeDto'];

interface RevokeProps {
  readonly label: string;
  readonly revocation: RevocationKind;
  readonly value?: string | undefined;
  /** How people call it. */
  readonly name: ReactNode;
}

/** Shows what a revocation would hit, wants a reason, and then makes it. */
export const Revoke = ({ label, revocation, value, name }: RevokeProps) => (
  <Window label={label} kind="danger" title={label}>
    {(close) => <Revocation kind={revocation} value={value} name={name} close={close} />}
  </Window>
);

export const revoke = (request: Schemas['RevokeDto']): Promise<Outcome> =>
  send<Outcome>('POST', '/revocations', request);

function Revocation({
  kind,
  value,
  name,
  close,
}: Omit<RevokeProps, 'label' | 'revocation'> & { kind: RevocationKind; close: () => void }) {
  const texts = useTexts();
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const isDone = useRef(false);
  // The page changes when the dialog closes: what it stands on may be gone with the revocation.
  useEffect(() => () => void (isDone.current && client.invalidateQueries()), [client]);
  const request = { kind, ...(value !== undefined && { value }) };
  const preview = useQuery({
    queryKey: ['preview', kind, value],
    queryFn: () => revoke({ ...request, reason: 'preview', dry_run: true }),
    staleTime: 0,
    gcTime: 0,
  });
  const done = useMutation({
    mutationFn: () => revoke({ ...request, reason }),
    onSuccess: () => {
      isDone.current = true;
    },
  });
  if (done.data) {
    return (
      <>
        <p className="notice" role="status">
          {texts.revoke.done(done.data.hits.families, done.data.hits.subjects)}
        </p>
        <div className="actions">
          <Action kind="primary" onPress={close}>
            {texts.close}
          </Action>
        </div>
      </>
    );
  }
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (reason.trim()) done.mutate();
      }}
    >
      <p>
        {texts.revoke.of} <Name>{name}</Name>
      </p>
      <Loaded query={preview}>{({ hits }) => <Hits hits={hits} />}</Loaded>
      <TextField className="field" value={reason} onChange={setReason} isRequired maxLength={200} autoFocus>
        <Label>{texts.reason}</Label>
        <Input />
        <Text slot="description">{texts.reasonHint}</Text>
      </TextField>
      {done.isError && <Failure error={done.error} />}
      <div className="actions">
        <Action onPress={close}>{texts.cancel}</Action>
        <Action kind="danger" type="submit" isDisabled={!preview.data || !reason.trim() || done.isPending}>
          {texts.revoke.submit}
        </Action>
      </div>
    </form>
  );
}

export function Hits({ hits }: { hits: Outcome['hits'] }) {
  const texts = useTexts();
  return (
    <>
      <p>{hits.families === 0 ? texts.revoke.nothing : texts.revoke.would}</p>
      {hits.families > 0 && (
        <Facts
          items={[
            [texts.revoke.families, hits.families.toLocaleString(texts.language)],
            [texts.revoke.subjects, hits.subjects.toLocaleString(texts.language)],
            hits.last_used_at !== undefined && [texts.revoke.lastUsed, <Moment key="" at={hits.last_used_at} />],
            [texts.nav.clients, hits.clients.map((one) => `${one.client_id} (${one.families})`).join(', ')],
          ]}
        />
      )}
    </>
  );
}

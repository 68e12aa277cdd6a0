import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { send, type Schemas } from '../api';
import { useTexts } from '../preferences';
import { Action, Badge, Facts, Failure, Id, Moment, Name, PageTitle, Section, type Tone } from '../ui';

type Explanation = Schemas['ExplanationDto'];

/** A correlation id is a UUID; refresh tokens are not. */
const isCorrelationId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

export function ExplainPage() {
  const texts = useTexts();
  const [text, setText] = useState('');
  const explanation = useMutation({
    mutationFn: (given: string) =>
      send<Explanation>('POST', '/explain', isCorrelationId(given) ? { correlation_id: given } : { token: given }),
    gcTime: 0,
  });
  return (
    <>
      <PageTitle>{texts.explain.title}</PageTitle>
      <p className="lead">{texts.explain.text}</p>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim()) explanation.mutate(text.trim());
          // A token does not stay on the screen longer than it must.
          if (!isCorrelationId(text.trim())) setText('');
        }}
      >
        <label className="field">
          {texts.explain.input}
          <textarea
            rows={3}
            value={text}
            spellCheck={false}
            autoComplete="off"
            maxLength={4096}
            onChange={({ target }) => setText(target.value)}
          />
        </label>
        <div className="actions">
          <Action kind="primary" type="submit" isDisabled={explanation.isPending}>
            {texts.explain.submit}
          </Action>
        </div>
      </form>
      {explanation.isError && <Failure error={explanation.error} />}
      {explanation.data && <Answer explanation={explanation.data} />}
    </>
  );
}

const TONES: Record<string, Tone> = { accepted: 'good', refused: 'bad', passed: 'good', failed: 'bad' };

function Answer({ explanation: one }: { explanation: Explanation }) {
  const texts = useTexts();
  return (
    <Section
      title={
        <>
          <Badge tone={TONES[one.decision] ?? 'quiet'}>{texts.explain.decisions[one.decision]}</Badge> {one.summary}
        </>
      }
    >
      {one.help.length > 0 && (
        <div className="card">
          <h3>{texts.explain.help}</h3>
          <ul className="evidence">
            {one.help.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </div>
      )}
      <Facts
        items={[
          [texts.audit.at, <Moment key="" at={one.at} exact />],
          one.family_id !== undefined && [
            texts.family.id,
            <Link key="" to="/families/$family" params={{ family: one.family_id }}>
              <Id value={one.family_id} />
            </Link>,
          ],
          one.subject !== undefined && [
            texts.family.user,
            <Link key="" to="/users/$user" params={{ user: one.subject }}>
              <Id value={one.subject} />
            </Link>,
          ],
          one.client_id !== undefined && [texts.family.client, <Name key="">{one.client_id}</Name>],
          one.generation !== undefined && [
            texts.family.generation,
            `${one.generation}${one.current_generation === undefined ? '' : ` / ${one.current_generation}`}`,
          ],
          one.superseded_at !== undefined && [texts.explain.superseded, <Moment key="" at={one.superseded_at} exact />],
          one.reason !== undefined && [texts.reason, texts.reasons[one.reason] ?? one.reason],
        ]}
      />
      {one.steps.length > 0 && (
        <ol className="timeline">
          {one.steps.map(({ rule, outcome }) => (
            <li key={rule} className={TONES[outcome] ?? ''}>
              <p>
                {texts.explain.rules[rule] ?? rule}{' '}
                <Badge tone={TONES[outcome] ?? 'quiet'}>{texts.explain.outcomes[outcome]}</Badge>
              </p>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}

import { ClientForm } from '../client-form';
import { useTexts } from '../preferences';
import { PageTitle } from '../ui';

export function NewClientPage() {
  const texts = useTexts();
  return (
    <>
      <PageTitle>{texts.clients.new}</PageTitle>
      <ClientForm />
    </>
  );
}

/** Who is signed in, and what their roles allow. */
import { createContext, useContext } from 'react';
import type { Session } from './api';

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('Nobody is signed in around this component');
  return session;
}

export function useMay(): (role: string) => boolean {
  const { roles } = useSession();
  return (role) => roles.includes(role) || roles.includes('rekey:admin');
}

/** Why somebody who is signed in has to sign in again, where they would not see it for themselves. */
export type SignInObstacle = 'other_user' | 'other_way';

/** Why a signed-in user has to sign in again, if the page should say so. */
export type SignInObstacle = 'other_user' | 'other_way';

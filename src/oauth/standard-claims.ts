/** The standard claims of a user (OpenID Connect Core §5.1), and the scopes that request them (§5.4). */

export interface AddressClaim {
  readonly formatted?: string;
  readonly street_address?: string;
  readonly locality?: string;
  readonly region?: string;
  readonly postal_code?: string;
  readonly country?: string;
}

export interface StandardClaims {
  readonly name?: string;
  readonly given_name?: string;
  readonly family_name?: string;
  readonly middle_name?: string;
  readonly nickname?: string;
  readonly preferred_username?: string;
  readonly profile?: string;
  readonly picture?: string;
  readonly website?: string;
  readonly gender?: string;
  readonly birthdate?: string;
  readonly zoneinfo?: string;
  readonly locale?: string;
  /** Seconds since the epoch. */
  readonly updated_at?: number;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly address?: AddressClaim;
  readonly phone_number?: string;
  readonly phone_number_verified?: boolean;
}

export type ClaimName = keyof StandardClaims;

/** OpenID Connect Core §5.4. */
export const claimsOfScope: Readonly<Record<string, readonly ClaimName[]>> = {
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
};

const standardNames: ReadonlySet<string> = new Set(Object.values(claimsOfScope).flat());

export const isStandardClaim = (name: string): boolean => standardNames.has(name);

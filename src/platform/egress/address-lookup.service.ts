import { Injectable } from '@nestjs/common';
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';

/** The system's resolver. */
@Injectable()
export class AddressLookup {
  /** All addresses of a host name. @throws errors of the resolver */
  all(host: string): Promise<LookupAddress[]> {
    return lookup(host, { all: true });
  }
}

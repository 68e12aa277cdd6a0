import { Module } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { AddressLookup } from './address-lookup.service.js';
import { OutgoingRequests } from './outgoing-requests.service.js';

/** Requests that leave the process. */
@Module({ imports: [ConfigModule], providers: [AddressLookup, OutgoingRequests], exports: [OutgoingRequests] })
export class EgressModule {}

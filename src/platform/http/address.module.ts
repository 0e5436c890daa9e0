import { Global, Module } from '@nestjs/common';
import { AddressSalts } from './address-salts.js';
import { ClientAddress } from './client-address.js';

@Global()
@Module({ providers: [AddressSalts, ClientAddress], exports: [ClientAddress] })
export class AddressModule {}

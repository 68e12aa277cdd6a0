/**
 * Writes docs/openapi.json, the OpenAPI document of the admin API, from the decorators in the build. Starts nothing and opens no
 * database. A test compares the file with the service's document.
 */
import { writeFile } from 'node:fs/promises';
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { format, resolveConfig } from 'prettier';
import { AppModule } from '../dist/app.module.js';
import { loadConfig } from '../dist/platform/config/load-config.js';
import { createAdapter } from '../dist/server/fastify-adapter.js';
import { openApiDocument } from '../dist/server/openapi.js';

const FILE = 'docs/openapi.json';

const config = loadConfig({});
const app = await NestFactory.create(AppModule, createAdapter(config), { preview: true, logger: ['error'] });
const text = JSON.stringify(openApiDocument(app, config.issuer));
await writeFile(FILE, await format(text, { ...(await resolveConfig(FILE)), parser: 'json' }));
console.log(`${FILE} is written`);

import 'reflect-metadata';
import { mkdirSync, writeFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { ApiModule } from './api.module.js';
import { renderEnvExample } from './config/env-example.js';
import { readConfig } from './config/read-config.js';
import { describeEvents } from './platform/validation/describe-events.js';
import { setApiPrefix } from './platform/http/configure-http.js';
import { describeHttp } from './platform/http/describe-http.js';

// Writes the files that are generated and checked in; `npm run check` fails when they differ from the code.
const FOLDER = 'docs/generated';
const config = readConfig({
  DATABASE_URL: 'postgres://none/none',
  REDIS_URL: 'redis://none',
  SECRET_KEYS: 'none:only-for-writing-documents-not-a-secret',
});

// Preview builds the module graph without making a single provider: no store is asked.
const app = await NestFactory.create(ApiModule.for({ config, source: new DataSource({ type: 'postgres' }) }), {
  preview: true,
  abortOnError: false,
  logger: false,
});
setApiPrefix(app);
const document = SwaggerModule.createDocument(
  app,
  new DocumentBuilder().setTitle('Stoa').setVersion('1').setDescription('See docs/protocol.md.').build(),
);

mkdirSync(FOLDER, { recursive: true });
writeJson(`${FOLDER}/openapi.json`, describeHttp(document));
writeJson(`${FOLDER}/events.json`, describeEvents());
writeFileSync('.env.example', renderEnvExample());

function writeJson(file: string, content: unknown): void {
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}

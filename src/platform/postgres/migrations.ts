import { readFileSync, readdirSync } from 'node:fs';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const FOLDER = new URL('../../../migrations/', import.meta.url);
const UP = /^(\d{4})_(\w+)\.up\.sql$/;

/** TypeORM sorts migrations by the 13 digits that end their name; ours are numbered from 0001. */
const EPOCH = 1_700_000_000_000;

/** One class per `NNNN_name.up.sql` with its `.down.sql`, in order. The SQL files are the migrations; nothing is generated. */
export function loadMigrations(): (new () => MigrationInterface)[] {
  return readdirSync(FOLDER)
    .map((file) => UP.exec(file))
    .filter((match) => match !== null)
    .sort((a, b) => Number(a[1]) - Number(b[1]))
    .map(([, number = '', name = '']) => migrationOf(number, name));
}

function migrationOf(number: string, name: string): new () => MigrationInterface {
  const sql = (direction: string): string =>
    readFileSync(new URL(`${number}_${name}.${direction}.sql`, FOLDER), 'utf8');
  return class implements MigrationInterface {
    readonly name = `${name}${EPOCH + Number(number)}`;

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(sql('up'));
    }

    async down(runner: QueryRunner): Promise<void> {
      await runner.query(sql('down'));
    }
  };
}

import { Injectable } from '@nestjs/common';
import { InvalidFields } from '../platform/http/invalid-fields.js';
import { RootKey } from '../keys/root-key.js';
import { readCursor, writeCursor } from './page-cursor.js';
import type { Page, PageQueryDto } from './paging.dto.js';

interface List<Row, Item> {
  readonly name: string;
  /** @param after the position of the last row of the page before */
  readonly read: (limit: number, after?: string) => Promise<Row[]>;
  readonly positionOf: (row: Row) => string;
  readonly toItem: (row: Row) => Item;
}

/** Cuts lists into pages, and issues and reads their cursors. */
@Injectable()
export class Paging {
  private readonly key: Buffer;

  constructor(rootKey: RootKey) {
    this.key = rootKey.derive('page-cursor');
  }

  /** @throws InvalidFields for a cursor that is not one of this list's */
  async of<Row, Item>(list: List<Row, Item>, { limit, cursor }: PageQueryDto): Promise<Page<Item>> {
    // One more than asked for tells whether there is another page.
    const rows = await list.read(limit + 1, this.positionIn(list.name, cursor));
    const items = rows.slice(0, limit);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return this.page(list.name, items.map(list.toItem), last && list.positionOf(last));
  }

  page<Item>(list: string, items: Item[], next: string | undefined): Page<Item> {
    return { items, ...(next !== undefined && { next_cursor: writeCursor(list, next, this.key) }) };
  }

  positionIn(list: string, cursor: string | undefined): string | undefined {
    if (cursor === undefined) return undefined;
    const position = readCursor(list, cursor, this.key);
    if (position === undefined)
      throw new InvalidFields([{ field: 'cursor', detail: 'cursor must be a next_cursor of this list' }]);
    return position;
  }
}

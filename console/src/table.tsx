/** A table that becomes a list of cards on a phone, and lists that are fetched page by page. */
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { get, type Query } from './api';
import { useTexts } from './preferences';
import { Action, Empty, Failure, Waiting } from './ui';

export interface Column<T> {
  readonly title: string;
  readonly cell: (item: T) => ReactNode;
  /** The one that names the row. */
  readonly isName?: boolean;
}

interface TableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
}

export const Table = <T,>({ label, columns, items, keyOf }: TableProps<T>) => (
  <table className="table" aria-label={label}>
    <thead>
      <tr>
        {columns.map(({ title }) => (
          <th key={title} scope="col">
            {title}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {items.map((item) => (
        <tr key={keyOf(item)}>
          {columns.map(({ title, cell, isName }) => (
            <td key={title} data-title={title} className={isName ? 'row-name' : undefined}>
              {cell(item)}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  </table>
);

interface Page<T> {
  readonly items: T[];
  readonly next_cursor?: string;
}

interface ListProps<T> extends Omit<TableProps<T>, 'items'> {
  readonly path: string;
  readonly query?: Query;
  readonly limit?: number;
  readonly empty: ReactNode;
  /** False: shows the first page only. */
  readonly goesOn?: boolean;
}

export function List<T>({ path, query = {}, limit = 25, empty, goesOn = true, ...table }: ListProps<T>) {
  const texts = useTexts();
  const list = useInfiniteQuery({
    queryKey: [path, query, limit],
    queryFn: ({ pageParam }) => get<Page<T>>(path, { ...query, limit: String(limit), cursor: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor,
    placeholderData: (before) => before,
  });
  if (list.data === undefined) {
    return list.isError ? <Failure error={list.error} retry={() => void list.refetch()} /> : <Waiting />;
  }
  const items = list.data.pages.flatMap((page) => page.items);
  return (
    <div aria-busy={list.isFetching}>
      {items.length === 0 && !list.hasNextPage ? <Empty>{empty}</Empty> : <Table {...table} items={items} />}
      {list.isError && <Failure error={list.error} retry={() => void list.fetchNextPage()} />}
      {goesOn && list.hasNextPage && (
        <div className="more">
          <Action isDisabled={list.isFetchingNextPage} onPress={() => void list.fetchNextPage()}>
            {texts.more}
          </Action>
        </div>
      )}
    </div>
  );
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { imageFile } from './image-file.js';
import { SettingProblem } from './setting.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rekey-logo-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>';
const PNG_HEAD = Buffer.from('89504e470d0a1a0a', 'hex');
const LIMIT_BYTES = 65_536;

function written(content: string | Buffer): string {
  const path = join(folder, 'logo');
  writeFileSync(path, content);
  return path;
}

describe('the file of a logo', () => {
  it.each([
    ['an SVG', SVG],
    ['an SVG after an XML prologue', `\uFEFF<?xml version="1.0"?>\n<!-- made by hand -->\n<!DOCTYPE svg>\n${SVG}`],
  ])('a logo file may be %s', (_, svg) => {
    expect(imageFile(written(svg))).toBe(`data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`);
  });

  it('a logo file may be a PNG, up to the limit', () => {
    const png = Buffer.concat([PNG_HEAD, Buffer.alloc(LIMIT_BYTES - PNG_HEAD.length)]);
    expect(imageFile(written(png))).toBe(`data:image/png;base64,${png.toString('base64')}`);
  });

  it.each([
    ['too large', Buffer.concat([PNG_HEAD, Buffer.alloc(LIMIT_BYTES - PNG_HEAD.length + 1)])],
    ['empty', ''],
    ['a JPEG', Buffer.from('ffd8ffe000104a46', 'hex')],
    ['HTML', `<!DOCTYPE html><html><body>${SVG}</body></html>`],
    ['a file that only mentions SVG', `<svgx>${SVG}</svgx>`],
  ])('a logo file cannot be one that is %s', (_, content) => {
    expect(() => imageFile(written(content))).toThrow(SettingProblem);
  });

  it('a directory or a missing logo file is refused without its path', () => {
    for (const path of [folder, join(folder, 'nothing'), '']) {
      expect(() => imageFile(path)).toThrow('must be the path of an SVG or PNG file of at most 64 KiB');
    }
  });
});

import _ from 'lodash';
import * as R from 'ramda';
import us from 'underscore';
import { produce, enableMapSet } from 'immer';
import * as df from 'date-fns';
import dayjs from 'dayjs';
import { z } from 'zod';
import Ajv from 'ajv';
import semver from 'semver';
import ms from 'ms';
import Decimal from 'decimal.js';
import { v4, v5, validate } from 'uuid';
import { nanoid } from 'nanoid';
import pLimit from 'p-limit';
import mime from 'mime';
import * as d3s from 'd3-scale';
import { line } from 'd3-shape';
import { bin, mean } from 'd3-array';
import { of, map, toArray, interval, take } from 'rxjs';
import Bluebird from 'bluebird';
import asyncLib from 'async';
import bytes from 'iconv-lite';
console.log(
  _.chunk([1, 2, 3], 2),
  _.template('<%= a %>')({ a: 1 }),
  R.groupBy((x) => x % 2, [1, 2, 3]),
  us.invert({ a: 'b' }),
  produce({ a: [1] }, (d) => {
    d.a.push(2);
  }),
);
console.log(
  df.format(new Date(Date.UTC(2024, 1, 29)), 'yyyy-MM-dd EEEE'),
  df.addMonths(new Date(0), 1).toISOString(),
  dayjs('2024-02-29').add(1, 'year').format('YYYY-MM-DD dddd'),
);
console.log(
  z
    .object({ a: z.string().email(), b: z.coerce.number() })
    .safeParse({ a: 'x', b: '2' })
    .error.issues.map((i) => i.message),
  new Ajv({ allErrors: true }).validate({ type: 'object', required: ['a'] }, {}),
  semver.satisfies('1.2.3', '^1.0'),
  ms('2h'),
  new Decimal('0.1').plus('0.2').toString(),
  validate(v4()),
  v5('x', '6ba7b810-9dad-11d1-80b4-00c04fd430c8'),
  nanoid().length,
  mime.getType('a.svg'),
);
console.log(
  d3s.scaleLinear([0, 10], [0, 5])(4),
  d3s.scaleLinear([0, 1]).ticks(3),
  line()([
    [0, 1],
    [2, 3],
  ]),
  bin()([1, 2, 3, 4]).length,
  mean([1, 2]),
);
interval(1)
  .pipe(
    take(3),
    map((x) => x * 2),
    toArray(),
  )
  .subscribe((x) => console.log(x));
console.log(
  await Bluebird.map([1, 2], (x) => x + 1),
  await asyncLib.mapLimit([1, 2], 1, async (x) => x * 2),
  bytes.encode('ä', 'latin1'),
  await Promise.all([1, 2].map((n) => pLimit(1)(async () => n))),
);

const { Command } = require('commander');
const yargs = require('yargs');
const minimist = require('minimist');
const chalk = require('chalk').default ?? require('chalk');
const debug = require('debug');
const winston = require('winston');
const pino = require('pino');
const glob = require('glob');
require('inherits');
require('tslib');
const dotenv = require('dotenv');
const p = new Command('x').option('-n, --num <n>', 'number', parseFloat).argument('<file>').exitOverride();
p.parse(['node', 'x', '-n', '5', 'f']);
console.log(p.opts(), p.args, p.helpInformation());
console.log(minimist(['-a', '1', '--b=2', 'c']), chalk.red('x'), typeof debug('a'));
try {
  console.log(yargs(['--x', '3', 'y']).option('x', { type: 'number' }).parse().x);
} catch (e) {
  console.log('yargs', e.message);
}
winston.createLogger({ transports: [new winston.transports.Console({ format: winston.format.simple() })] }).info('hello %s', 'w');
pino({ timestamp: false, base: null }).info({ a: 1 }, 'msg');
console.log(dotenv.parse('A=1\nB="x y"'));

//! Programs that start programs, and programs joined on the command line.

mod common;

use std::time::{Duration, Instant};

use common::{Place, signal, wait};

#[track_caller]
fn prints(source: &str, expected: &str) {
    Place::new().with("a.ts", source).b8g(&["run", "a.ts"]).code(0).stdout(expected);
}

#[test]
fn a_task_runs_and_tells_how_it_ended() {
    prints(
        "import { spawn } from 'b8g';
         const { reason, code, success, message } = await spawn(\"import { args, exit } from 'b8g'; console.log(args.join('+')); exit(3)\", { args: ['a', 'b c'] });
         console.log(reason, code, success, JSON.stringify(message));
         const dead = await spawn('throw new TypeError(`no`)', { stderr: 'null' });
         console.log(dead.reason, dead.code, dead.message.split('\\n')[0]);
         console.log((await spawn('for (;;);', { timeout: 50 })).reason, (await spawn('const a = []; for (;;) a.push(new Uint8Array(1e6))', { memory: 8e6 })).reason);
         console.log((await spawn('for (;;) console.log(1)', { output: 100, stdout: 'piped' })).reason);
         console.log((await spawn(new TextEncoder().encode('(module (func (export \"_start\") unreachable))'))).reason);",
        "a+b c\nexit 3 false \"\"\nerror 1 Uncaught TypeError: no\ntimeout memory\noutput\ntrap\n",
    );
}

#[test]
fn a_task_holds_what_it_is_given() {
    let place = Place::new();
    std::fs::create_dir(place.join("out")).unwrap();
    let place = place.with("in.txt", "secret").with("out/x", "").with(
        "a.ts",
        "import { spawn, errors } from 'b8g';
         const child = `import { readTextFile, writeTextFile, env } from 'b8g';
           const tried = [];
           for (const act of [() => readTextFile('in.txt'), () => readTextFile('out/x'), () => writeTextFile('out/y', 'made'), () => env('A')])
             try { tried.push(await act()) } catch (error) { tried.push(error.name) }
           console.log(tried.join());`;
         await spawn(child);
         await spawn(child, { read: ['in.txt'], write: ['out'], env: ['A'] });
         await spawn(child, { read: true, write: true, env: true });
         try { spawn(child, { read: ['/etc'] }) } catch (error) { console.log(error instanceof errors.PermissionDenied) }
         try { spawn(child, { net: ['example.com'] }) } catch (error) { console.log(error.name) }",
    );
    let flags = ["run", "--allow-read=in.txt,out", "--allow-write=out", "--env=A=1", "a.ts"];
    place.b8g(&flags).code(0).stdout(
        "PermissionDenied,PermissionDenied,PermissionDenied,PermissionDenied\nsecret,PermissionDenied,,1\nsecret,,,1\ntrue\nPermissionDenied\n",
    );
    assert_eq!(std::fs::read_to_string(place.join("out/y")).unwrap(), "made");
}

#[test]
fn tasks_talk_over_channels_streams_events_and_memory() {
    prints(
        "import { spawn, channel, stream, sharedEvent, sharedMemory, keys } from 'b8g';
         const [toTask, fromTask] = [stream({ capacity: 10 }), stream()];
         const task = spawn(`import { channels, streams, keys } from 'b8g';
           const [own] = channels;
           const { resources: [event, memory, link], data } = await own.receive();
           memory.write(0, 'from the task');
           event.set(2);
           for await (const chunk of streams[0].readable) await streams[1].write(chunk.map((b) => b + 1));
           streams[1].close();
           const bound = keys.bind(data);
           await bound.send('bound');
           await link.send('last');`, { streams: [toTask.reader, fromTask.writer], keys: true });
         const [mine, theirs] = channel();
         const [event, memory, key] = [sharedEvent(), sharedMemory(100), keys.mint()];
         // What is sent is gone here: the task gets ends of its own of what both keep by key.
         const bound = keys.bind(key);
         let told = 0;
         await task.channel.send(key, { transfer: [event, memory, theirs] });
         try { event.bits } catch (error) { console.log(error.name) }
         const writing = (async () => { for (const text of ['abc', 'x'.repeat(1000), 'z']) await toTask.writer.write(text); toTask.writer.close(); })();
         const text = await fromTask.reader.text(); await writing;
         console.log(text.length, text.slice(0, 4), text.at(-1));
         console.log((await bound.receive()).text, (await mine.receive()).text, (await task).reason);",
        "BadResource\n1004 bcdy {\nbound last exit\n",
    );
    prints(
        "import { spawn, sharedEvent } from 'b8g';
         const event = sharedEvent();
         const seen = [];
         event.addEventListener('signal', (e) => { seen.push(e.bits); if (seen.length === 3) event.close(); });
         for (const bits of [1, 6, 8]) { event.set(bits); await new Promise((done) => setTimeout(done, 5)); }
         console.log(seen.join());",
        "1,6,8\n",
    );
}

#[test]
fn a_task_is_cancelled_suspended_frozen_and_restarted() {
    prints(
        "import { spawn, supervise } from 'b8g';
         const controller = new AbortController();
         const polite = spawn(`import { cancelled, exit } from 'b8g'; cancelled.addEventListener('abort', () => { console.log('bye'); exit(9) }); setInterval(() => {}, 10); console.log('up')`,
           { signal: controller.signal, stdout: 'piped' });
         const reader = polite.stdout.readable.getReader();
         await reader.read(); controller.abort();
         console.log(new TextDecoder().decode((await reader.read()).value).trim(), (await polite).code);
         const deaf = spawn('for (;;);', { signal: AbortSignal.timeout?.(20) ?? (() => { const c = new AbortController(); setTimeout(() => c.abort(), 20); return c.signal })(), grace: 50 });
         console.log((await deaf).reason);
         const ticks = spawn(`let n = 0; setInterval(() => console.log(++n), 3)`, { stdout: 'piped' });
         const lines = ticks.stdout.readable.getReader();
         await lines.read(); await lines.read();
         const frozen = await ticks.snapshot();
         ticks.kill(); console.log((await ticks).reason);
         for (let i = 0; i < 2; i++) {
           const copy = spawn(frozen, { stdout: 'piped' });
           const first = new TextDecoder().decode((await copy.stdout.readable.getReader().read()).value);
           console.log(parseInt(first) >= 2);
           copy.close();
         }
         const codes = [];
         const last = await supervise((n) => spawn(`import { exit, args } from 'b8g'; exit(2 - Number(args[0]))`, { args: [n] }), { delay: 1, ended: (status) => codes.push(status.code) });
         console.log(codes.join(), last.success);
         console.log((await supervise(() => spawn('throw 1', { stderr: 'null' }), { delay: 1, restarts: 2, ended: () => codes.push('x') })).reason, codes.join());
         {
           using task = spawn('setInterval(() => {}, 1)');
         }
         spawn('setInterval(() => {}, 1)');
         console.log('done');",
        "bye 9\ncancelled\ncancelled\ntrue\ntrue\n2,1,0 true\nerror 2,1,0,x,x,x\ndone\n",
    );
}

#[test]
fn flows_are_composed_of_functions_and_components() {
    prints(
        "import { flow, map, filter, flatMap, take, lines, through, compile, stream } from 'b8g';
         const up = compile('export default (s: string) => s.toUpperCase()');
         console.log((await flow(['a', 'b', 'c', 'd']).pipe(map(up)).pipe(filter((x) => x !== 'B')).pipe(filter('export default (x) => x !== `D`')).toArray()).join());
         const source = (function* () { for (let i = 0; ; i++) yield i })();
         console.log((await flow(source).pipe(map('export default async (n) => n * 2')).pipe(take(4)).toArray()).join());
         console.log(await flow(Array.from({ length: 10000 }, (_, i) => i)).pipe(map('export default (n) => n + 1')).reduce((a, b) => a + b, 0));
         console.log((await flow([new Uint8Array([1, 2]), { a: 1 }, 'x', null]).pipe(map('export default (x) => x')).toArray()).map((x) => JSON.stringify(x)).join());
         const rot = `import { stdin, stdout } from 'b8g'; for await (const c of stdin.readable) await stdout.write(c.map((b) => b === 10 ? b : b + 1))`;
         console.log((await flow('ab\\ncd').pipe(rot).pipe(lines()).pipe(flatMap((l) => [...l])).toArray()).join());
         const { reader, writer } = stream();
         const writing = flow(['1', '2']).pipe(new TransformStream({ transform: (c, t) => t.enqueue(c + '!') })).to(writer);
         console.log(await reader.text()); await writing;
         for (const bad of ['export default (n) => { throw new RangeError(`bad ${n}`) }', 'export const x = 1', 'for (;;);'])
           try { await flow([1, 2]).pipe(map(bad, { timeout: 100, stderr: 'null' })).toArray(); console.log('none') } catch (error) { console.log(error.name, error.message.split('\\n')[0]) }
         try { await flow('x').pipe(through('throw new Error(`within`)', { stderr: 'null' })).toArray() } catch (error) { console.log(error.name, error.message.split('\\n')[0]) }
         const closed: string[] = [];
         async function* careful() { try { for (let i = 0; ; i++) yield i } finally { closed.push('source') } }
         for await (const n of flow(careful()).pipe(map((n) => n * n))) if (n > 10) break;
         console.log(closed.join());",
        "A,C\n0,2,4,6\n50005000\n{\"0\":1,\"1\":2},{\"a\":1},\"x\",null\nb,c,d,e\n1!2!\nRangeError bad 1\nStageError Uncaught (in promise) TypeError: a stage must export a function as `main` or as its default\nStageError still running after 100ms\nStageError Uncaught Error: within\nsource\n",
    );
}

#[test]
fn flows_carry_much_and_tell_what_cannot_be_carried() {
    prints(
        "import { flow, map } from 'b8g';
         const items = Array.from({ length: 300 }, (_, i) => ({ i, text: 'x'.repeat(6000) }));
         const back = await flow(items).pipe(map('export default (x) => ({ ...x, more: x.text })')).toArray();
         console.log(back.length, back.every(({ i, more }, at) => i === at && more.length === 6000));
         for (const [source, by] of [[[1n], (x) => x], [[1], 'export default () => `x`.repeat(2e6)'], [['x'.repeat(2e6)], 'export default (x) => 1']])
           try { await flow(source).pipe(map(typeof by === 'string' ? by : 'export default (x) => x')).toArray(); console.log('none') } catch (error) { console.log(error.name) }
         async function* bad() { yield 'a'; throw null }
         try { await flow(bad()).pipe(`import { stdin } from 'b8g'; await stdin.text()`, { stderr: 'null' }).toArray(); console.log('none') } catch (error) { console.log('failed') }",
        "300 true\nTypeError\nRangeError\nLimitReached\nfailed\n",
    );
}

#[test]
fn components_in_a_row_read_from_one_another() {
    prints(
        "import { flow, through, take, compile } from 'b8g';
         const passes = compile(`import { stdin, stdout } from 'b8g'; for await (const c of stdin.readable) await stdout.write(c)`);
         const all = new Uint8Array(3_000_000).map((_, i) => i >> 8);
         let at = 0, same = true;
         // What goes between the first and the last passes no hands of this program: it asks for the last one's output alone.
         for await (const c of flow(all).pipe(passes).pipe(passes).pipe(passes)) for (const b of c) same &&= b === (all[at++]);
         console.log(at, same);
         const tell = async (...parts) => { try { const found = await parts.reduce((f, p) => f.pipe(p), flow(['x'])).toArray(); console.log('none', found.length) } catch (error) { console.log(error.name, error.message.split('\\n')[0]) } };
         const quiet = { stderr: 'null' };
         const throws = (text) => through(`import { stdin } from 'b8g'; await stdin.text(); throw new Error('${text}')`, quiet);
         await tell(throws('first'), through(passes, quiet), through(passes, quiet));
         await tell(passes, throws('second'), through(passes, quiet));
         await tell(passes, passes, throws('third'));
         await tell(throws('both'), throws('later'));
         const endless = `import { stdout } from 'b8g'; for (;;) await stdout.write(new Uint8Array(1000))`;
         const few = `import { stdin, stdout } from 'b8g'; await stdin.read(new Uint8Array(10)); await stdout.write('few')`;
         console.log((await flow([]).pipe(endless).pipe(few).toArray()).length);
         console.log((await flow([]).pipe(endless).pipe(passes).pipe(take(3)).toArray()).length);
         const silent = `setInterval(() => {}, 1000)`;
         console.log((await flow([]).pipe(silent).pipe(`import { stdout } from 'b8g'; await stdout.write('at once')`).toArray()).length);",
        "3000000 true\nStageError Uncaught Error: first\nStageError Uncaught Error: second\nStageError Uncaught Error: third\nStageError Uncaught Error: both\n1\n3\n1\n",
    );
}

#[test]
fn spawning_leaves_nothing_behind() {
    prints(
        "import { spawn, flow, stream } from 'b8g';
         for (let i = 0; i < 300; i++) await spawn('1', { stdout: i % 2 ? 'piped' : 'null' });
         for (let i = 0; i < 300; i++) try { spawn('1', { stdin: 'piped', stdout: 'piped', memory: -1 }) } catch {}
         for (let i = 0; i < 300; i++) try { spawn('1', { stdin: 'piped', stdout: 'piped', stderr: 'nonsense' }) } catch {}
         for (let i = 0; i < 40; i++) for await (const piece of flow('abc').pipe(`import { stdout } from 'b8g'; await stdout.write('x')`)) break;
         stream(); console.log('done');",
        "done\n",
    );
}

#[test]
fn a_tree_is_bounded_and_ends_with_the_program() {
    let many = "import { spawn, errors } from 'b8g';
        const tasks = [];
        try { for (;;) tasks.push(spawn('setInterval(() => {}, 1000)')) } catch (error) { console.log(error instanceof errors.LimitReached, tasks.length) }";
    let place = Place::new().with("many.ts", many).with(
        "none.ts",
        "import { spawn } from 'b8g'; try { spawn('1') } catch (error) { console.log(error.name) }",
    );
    place.b8g(&["run", "--memory=256M", "many.ts"]).code(0).stdout("true 16\n");
    place.b8g(&["run", "--memory=256M", "--tasks=3", "many.ts"]).code(0).stdout("true 3\n");
    place.b8g(&["run", "--tasks=0", "none.ts"]).code(0).stdout("LimitReached\n");
    // A program that is stopped takes its tasks with it, whatever they do.
    let place = place
        .with("spin.ts", "import { spawn } from 'b8g'; spawn('for (;;);'); console.log('up'); for (;;);");
    let began = Instant::now();
    place.b8g(&["run", "--timeout=300ms", "spin.ts"]).code(124);
    assert!(began.elapsed() < Duration::from_secs(10));
    let mut child = place.command(&["run", "spin.ts"]).spawn().unwrap();
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0; 3]).unwrap();
    signal(&child, "INT");
    assert_eq!(wait(child, Instant::now()).signal, Some(libc::SIGINT));
}

#[test]
fn programs_are_piped() {
    let place = Place::new()
        .with("gen.ts", "import { args } from 'b8g'; for (let i = 0; i < Number(args[0]); i++) console.log(args[1] ?? 'line', i);")
        .with("up.ts", "import { stdin, stdout } from 'b8g'; for await (const c of stdin.readable) await stdout.write(new TextDecoder().decode(c).toUpperCase());")
        .with("head.ts", "import { stdin } from 'b8g'; const r = stdin.readable.getReader(); const { value } = await r.read(); console.log(new TextDecoder().decode(value).split('\\n')[0]);")
        .with("bad.ts", "throw new Error('within')")
        .with("exit.wat", "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $e (param i32))) (memory (export \"memory\") 1) (func (export \"_start\") (call $e (i32.const 7))))")
        .with("data.txt", "granted")
        .with("cat.ts", "import { readTextFile, stdin } from 'b8g'; console.log(await readTextFile('data.txt') + (await stdin.text()).length);");
    place.b8g(&["pipe", "gen.ts 2 'a b'", "up.ts"]).code(0).stdout("A B 0\nA B 1\n").stderr("");
    place.b8g_with(&["pipe", "up.ts", "up.ts"], b"in\n").code(0).stdout("IN\n");
    place.b8g(&["pipe", "gen.ts 1000000", "up.ts", "head.ts"]).code(0).stdout("LINE 0\n").stderr("");
    place.b8g(&["pipe", "--buffer=0", "gen.ts 3", "up.ts"]).code(0).stdout("LINE 0\nLINE 1\nLINE 2\n");
    // Each stage has its own grants and limits.
    place.b8g(&["pipe", "gen.ts 1", "--allow-read=data.txt cat.ts"]).code(0).stdout("granted7\n");
    place.b8g(&["pipe", "--allow-read=data.txt gen.ts 1", "cat.ts"]).code(1).says("--allow-read=data.txt");
    place
        .b8g(&["pipe", "--output-limit=100 gen.ts 1000", "up.ts"])
        .code(1)
        .says("stage gen.ts:")
        .says("more than 100 bytes");
    // The last one that failed gives the exit code, and what it wrote is not taken for complete.
    place.b8g(&["pipe", "gen.ts 1", "exit.wat", "up.ts"]).code(1).says("the other side is gone");
    place.b8g(&["pipe", "gen.ts 1", "exit.wat"]).code(7);
    place.b8g(&["pipe", "bad.ts", "exit.wat"]).code(7).says("within");
    for (stage, why) in
        [("nope.ts", "cannot find"), ("--nope up.ts", "--nope"), ("'up.ts", "quote"), ("", "FILE")]
    {
        place.b8g(&["pipe", "gen.ts 1", stage]).code(2).says(&format!("in the stage {stage}")).says(why);
    }
    place.b8g(&["pipe", "--buffer=1T", "gen.ts 1", "up.ts"]).code(2).says("--buffer");
    place
        .b8g(&["pipe", "--stats", "gen.ts 1", "up.ts"])
        .code(0)
        .stdout("LINE 0\n")
        .says("MiB/s")
        .says("up.ts");
    place.b8g(&["pipe"]).code(2);
}

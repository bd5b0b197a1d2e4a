use b8g::*;
use std::time::Instant;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let engine = Engine::new(Config::new().code_cache(Some("/tmp/h-freeze/cache".into()))).unwrap();
    let t = Instant::now();
    let component = Component::from_file(&engine, &path).unwrap();
    println!("load {:?}", t.elapsed());
    for f in component.exported_functions() { println!("{} {:?} -> {:?}", f.name, f.parameters, f.result); }
    let grants = Grants::none().clocks().randomness().stdout(Stdout::Inherit);
    let limits = Limits::default;
    let mut c = Context::new(&component, &grants, limits()).unwrap();
    let t = Instant::now();
    c.initialize().unwrap();
    println!("initialize {:?}", t.elapsed());
    let exec = |c: &mut Context, s: &str| { let t = Instant::now(); let r = c.invoke("exec", &[WitValue::String(s.into())]); (r, t.elapsed()) };
    println!("{:?}", exec(&mut c, "1+1"));
    println!("{:?}", exec(&mut c, "x = 40; l = list(range(100000)); d = {str(i): i for i in range(100000)}; import sys; print('hello', file=sys.stderr); print('out', flush=True)"));
    println!("{:?}", exec(&mut c, "x + 2"));
    let t = Instant::now();
    let image = c.snapshot().unwrap();
    println!("snapshot {:?} bytes {}", t.elapsed(), image.memory_bytes());
    for i in 0..5 {
        let t = Instant::now();
        let mut r = Context::restore(&image, &grants, limits()).unwrap();
        let a = t.elapsed();
        r.initialize().unwrap();
        let b = t.elapsed();
        println!("restore {i} {a:?} {b:?} {:?}", exec(&mut r, "x += 2; l.append(x); print(x, len(l), len(d), random.random() if 'random' in dir() else 0, flush=True)"));
        println!("{:?}", exec(&mut r, "x"));
    }
    println!("parent {:?}", exec(&mut c, "(x, len(l))"));
    let t = Instant::now();
    let mut forks = c.fork(20).unwrap();
    println!("fork(20) {:?}", t.elapsed());
    let t = Instant::now();
    for f in &mut forks { exec(f, "x += 1").0.unwrap(); }
    println!("20 first calls {:?}", t.elapsed());
    println!("fork {:?}", exec(&mut forks[3], "x"));
    let t = Instant::now();
    let bytes = image.to_bytes("py").unwrap();
    println!("to_bytes {:?} {}", t.elapsed(), bytes.len());
    let t = Instant::now();
    let image2 = Image::from_bytes(&engine, &bytes).unwrap();
    println!("from_bytes {:?}", t.elapsed());
    let mut r = Context::restore(&image2, &grants, limits()).unwrap();
    println!("{:?}", exec(&mut r, "(x, len(l))"));
    let pss = || { let s = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap(); s.lines().find(|l| l.starts_with("Pss:")).unwrap().split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() };
    let before = pss();
    let mut many: Vec<Context> = (0..200).map(|_| Context::restore(&image, &grants, limits()).unwrap()).collect();
    let t = Instant::now();
    for m in &mut many { m.initialize().unwrap(); }
    println!("200 restores {:?} each, {} KiB each", t.elapsed() / 200, (pss() - before) / 200);
    let t = Instant::now();
    for m in &mut many { exec(m, "x+1").0.unwrap(); }
    println!("200 calls {:?} each, {} KiB each", t.elapsed() / 200, (pss() - before) / 200);
    let t = Instant::now();
    drop(many);
    println!("drop {:?} each", t.elapsed() / 200);
    let t = Instant::now();
    for _ in 0..200 { let mut m = Context::restore(&image, &grants, limits()).unwrap(); m.initialize().unwrap(); }
    println!("restore+drop {:?} each", t.elapsed() / 200);
    let t = Instant::now();
    for _ in 0..200 { let mut m = Context::restore(&image, &grants, limits()).unwrap(); exec(&mut m, "x+1").0.unwrap(); }
    println!("restore+call+drop {:?} each", t.elapsed() / 200);
}

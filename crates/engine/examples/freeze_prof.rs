use b8g::*;
use std::time::Instant;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let engine = Engine::new(Config::new().code_cache(Some("/tmp/h-freeze/cache".into()))).unwrap();
    let component = Component::from_file(&engine, &path).unwrap();
    let grants = Grants::none().clocks().randomness();
    let mut c = Context::new(&component, &grants, Limits::default()).unwrap();
    c.invoke("exec", &[WitValue::String("x = 40; l = list(range(100000))".into())]).unwrap();
    let image = c.snapshot().unwrap();
    let t = Instant::now();
    for _ in 0..3000 { let mut m = Context::restore(&image, &grants, Limits::default()).unwrap(); m.initialize().unwrap(); }
    println!("restore+drop {:?} each", t.elapsed() / 3000);
}

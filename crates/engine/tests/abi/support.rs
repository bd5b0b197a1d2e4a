//! A component that does what the test says, one operation at a time.

use b8g::{Component, Config, Context, Engine, Grants, Limits, Value};
use b8g_core::abi::Op;

/// Exports the callback itself, and its memory word by word.
pub const PUPPET: &str = r#"(module
    (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64)))
    (memory (export "memory") 64)
    (func (export "b8g_start") (param i32 i32 i32 i32) (result i32) (i32.const 0))
    (func (export "b8g_event") (param i64 i32 i32 i64) (result i32) (i32.const 0))
    (func (export "op") (param i32 i32 i64 i64 i64 i64) (result i64)
      (call $call (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
    (func (export "trap") unreachable))"#;

pub fn engine() -> Engine {
    Engine::new(Config::new()).unwrap()
}

/// A context of the puppet, and the handles that it was given.
pub struct Puppet {
    pub context: Context,
}

impl Puppet {
    pub fn new(engine: &Engine) -> Puppet {
        Puppet::with(engine, &Grants::none(), Limits::default())
    }

    pub fn with(engine: &Engine, grants: &Grants, limits: Limits) -> Puppet {
        let component = Component::from_wasm(engine, PUPPET.as_bytes()).unwrap();
        Puppet { context: Context::new(&component, grants, limits).unwrap() }
    }

    /// Calls an operation.
    #[track_caller]
    pub fn op(&mut self, op: Op, handle: i64, rest: [i64; 4]) -> i64 {
        self.number(op as i32, handle, rest)
    }

    /// Calls the operation with this number.
    #[track_caller]
    pub fn number(&mut self, op: i32, handle: i64, [a, b, c, d]: [i64; 4]) -> i64 {
        let handle = Value::I32(handle as i32);
        let arguments = [Value::I32(op), handle, Value::I64(a), Value::I64(b), Value::I64(c), Value::I64(d)];
        match self.context.call("op", &arguments).unwrap()[..] {
            [Value::I64(answer)] => answer,
            ref other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    pub fn load(&mut self, at: i32) -> i32 {
        match self.context.call("load", &[Value::I32(at)]).unwrap()[..] {
            [Value::I32(word)] => word,
            ref other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    pub fn store(&mut self, at: i32, word: i32) {
        self.context.call("store", &[Value::I32(at), Value::I32(word)]).unwrap();
    }

    /// The nth handle that was given for a role.
    #[track_caller]
    pub fn given(&mut self, role: i32, nth: usize) -> i64 {
        let bytes = self.op(Op::Ctl, 0, [1, 0, 1024 << 32 | 60_000, 0]);
        let entries: Vec<(i32, i32)> =
            (0..bytes as i32 / 8).map(|i| (self.load(60_000 + i * 8), self.load(60_004 + i * 8))).collect();
        entries.iter().filter(|(given, _)| *given == role).nth(nth).expect("it was given").1.into()
    }

    /// Makes a stream: reader and writer.
    #[track_caller]
    pub fn stream(&mut self, element: i64, capacity: i64, flags: i64) -> (i64, i64) {
        assert_eq!(self.op(Op::Stream, 0, [element, capacity, flags, 64]), 8);
        (self.load(64).into(), self.load(68).into())
    }
}

//! Modules in text form: the whole list of functions, and what no C program would do.

use std::time::{Duration, Instant};

use b8g::{
    CallError, Capture, Component, ComponentError, Context, Grants, Limits, Outcome, Reason, Stdin, Stdout,
    Value,
};

use crate::engine;

/// The functions and their parameters as the specification has them: i is 32 bits wide, I 64.
const SPECIFIED: [(&str, &str); 46] = [
    ("args_get", "ii"),
    ("args_sizes_get", "ii"),
    ("environ_get", "ii"),
    ("environ_sizes_get", "ii"),
    ("clock_res_get", "ii"),
    ("clock_time_get", "iIi"),
    ("fd_advise", "iIIi"),
    ("fd_allocate", "iII"),
    ("fd_close", "i"),
    ("fd_datasync", "i"),
    ("fd_fdstat_get", "ii"),
    ("fd_fdstat_set_flags", "ii"),
    ("fd_fdstat_set_rights", "iII"),
    ("fd_filestat_get", "ii"),
    ("fd_filestat_set_size", "iI"),
    ("fd_filestat_set_times", "iIIi"),
    ("fd_pread", "iiiIi"),
    ("fd_prestat_get", "ii"),
    ("fd_prestat_dir_name", "iii"),
    ("fd_pwrite", "iiiIi"),
    ("fd_read", "iiii"),
    ("fd_readdir", "iiiIi"),
    ("fd_renumber", "ii"),
    ("fd_seek", "iIii"),
    ("fd_sync", "i"),
    ("fd_tell", "ii"),
    ("fd_write", "iiii"),
    ("path_create_directory", "iii"),
    ("path_filestat_get", "iiiii"),
    ("path_filestat_set_times", "iiiiIIi"),
    ("path_link", "iiiiiii"),
    ("path_open", "iiiiiIIii"),
    ("path_readlink", "iiiiii"),
    ("path_remove_directory", "iii"),
    ("path_rename", "iiiiii"),
    ("path_symlink", "iiiii"),
    ("path_unlink_file", "iii"),
    ("poll_oneoff", "iiii"),
    ("proc_exit", "i"),
    ("proc_raise", "i"),
    ("sched_yield", ""),
    ("random_get", "ii"),
    ("sock_accept", "iii"),
    ("sock_recv", "iiiiii"),
    ("sock_send", "iiiii"),
    ("sock_shutdown", "ii"),
];

/// An import of preview 1, in text form.
fn import(name: &str, parameters: &str) -> String {
    let types: String = parameters.chars().map(|c| if c == 'I' { " i64" } else { " i32" }).collect();
    let result = if name == "proc_exit" { "" } else { "(result i32)" };
    format!(r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} (param{types}) {result}))"#)
}

/// The imports that a test names, then its own text.
fn module(imports: &[&str], text: &str) -> String {
    let known = |name: &&str| *SPECIFIED.iter().find(|(specified, _)| specified == name).unwrap();
    let imports: String =
        imports.iter().map(known).map(|(name, parameters)| import(name, parameters)).collect();
    format!("(module {imports} {text})")
}

fn component(text: &str) -> Component {
    Component::from_wasm(engine(), text.as_bytes()).unwrap()
}

/// Runs a module; answers its end and its output.
fn run(text: &str, grants: Grants) -> (Outcome, Vec<u8>) {
    let output = Capture::new();
    let grants = grants.stdout(Stdout::Capture(output.clone()));
    let limits = Limits { timeout: Some(Duration::from_secs(20)), ..Limits::default() };
    let outcome = Context::new(&component(text), &grants, limits).unwrap().run();
    (outcome, output.take())
}

#[test]
fn every_function_is_there_with_its_type() {
    let imports: String = SPECIFIED.iter().map(|(name, parameters)| import(name, parameters)).collect();
    component(&format!(r#"(module {imports} (memory (export "memory") 1) (func (export "_start")))"#));
    for (name, parameters) in SPECIFIED {
        let wrong = format!("(module {})", import(name, &format!("{parameters}I")));
        let refused = Component::from_wasm(engine(), wrong.as_bytes());
        assert!(matches!(refused, Err(ComponentError::Imports(_))), "{name}");
    }
}

#[test]
fn there_are_no_others() {
    let modules = [
        ("wasi_snapshot_preview1", "sock_open"),
        ("wasi_unstable", "fd_write"),
        ("wasi_snapshot_preview1", ""),
    ];
    for (module, name) in modules {
        let text = format!(r#"(module (import "{module}" "{name}" (func (result i32))))"#);
        let Err(ComponentError::UnknownImports(names)) = Component::from_wasm(engine(), text.as_bytes())
        else {
            panic!("{module} {name}")
        };
        assert_eq!(names.len(), 1);
    }
}

#[test]
fn a_module_without_memory_gets_errors() {
    let text = module(
        &["fd_write", "proc_exit"],
        r#"(func (export "_start")
             (call $proc_exit (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))"#,
    );
    assert_eq!(run(&text, Grants::none()).0.exit_code, 21, "EFAULT");
}

#[test]
fn a_start_function_can_write_already() {
    let text = module(
        &["fd_write"],
        r#"(memory (export "memory") 1) (data (i32.const 8) "early\n") (data (i32.const 0) "\08\00\00\00\06\00\00\00")
           (func $early (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20))))
           (start $early) (func (export "_start"))"#,
    );
    let (outcome, output) = run(&text, Grants::none());
    assert!(outcome.is_success(), "{outcome}");
    assert_eq!(output, b"early\n");
}

/// Exceptions need a heap that is a memory too: it must not get the data that belongs into the module's own.
#[test]
fn exceptions_and_data_go_together() {
    let text = module(
        &["fd_write", "proc_exit"],
        r#"(tag $t (param i32)) (memory (export "memory") 1)
           (data (i32.const 8) "thrown\n") (data (i32.const 0) "\08\00\00\00\07\00\00\00")
           (func $throws (throw $t (i32.const 5)))
           (func (export "_start") (local i32)
             (local.set 0 (block $caught (result i32) (try_table (catch $t $caught) (call $throws)) (i32.const 1)))
             (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))
             (call $proc_exit (local.get 0)))"#,
    );
    for _ in 0..3 {
        let (outcome, output) = run(&text, Grants::none());
        assert_eq!(
            (outcome.reason, outcome.exit_code, output),
            (Reason::Exit, 5, b"thrown\n".to_vec()),
            "{outcome}"
        );
    }
}

#[test]
fn functions_can_be_called_of_a_module_that_is_no_program() {
    let text = module(
        &["fd_write", "proc_exit"],
        r#"(memory (export "memory") 1) (data (i32.const 8) "ready\n") (data (i32.const 0) "\08\00\00\00\06\00\00\00")
           (func $say (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20))))
           (func (export "_initialize") (call $say))
           (func (export "twice") (param i32) (result i32) (call $say) (i32.mul (local.get 0) (i32.const 2)))
           (func (export "leave") (param i32) (call $proc_exit (local.get 0)))"#,
    );
    let output = Capture::new();
    let grants = Grants::none().stdout(Stdout::Capture(output.clone()));
    let mut context = Context::new(&component(&text), &grants, Limits::default()).unwrap();
    assert_eq!(context.call("twice", &[Value::I32(21)]).unwrap(), [Value::I32(42)]);
    assert_eq!(output.take(), b"ready\nready\n");
    let Err(CallError::Ended(outcome)) = context.call("leave", &[Value::I32(9)]) else {
        panic!("it must end")
    };
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, 9));
}

/// Writes a time, randomness and a time after a long sleep to standard output.
const DIARY: &str = r#"(memory (export "memory") 1)
    (func (export "_start")
      (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 100)))
      (drop (call $random_get (i32.const 108) (i32.const 16)))
      (i64.store (i32.const 24) (i64.const 3600000000000))
      (i32.store (i32.const 16) (i32.const 1))
      (drop (call $poll_oneoff (i32.const 0) (i32.const 200) (i32.const 1) (i32.const 300)))
      (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 124)))
      (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 32))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 400))))"#;

#[test]
fn a_seed_determines_time_and_randomness() {
    let text = module(&["clock_time_get", "random_get", "poll_oneoff", "fd_write"], DIARY);
    let diary = |seed| {
        let begun = Instant::now();
        let (outcome, output) = run(&text, Grants::none().seed(seed));
        assert!(outcome.is_success(), "{outcome}");
        assert!(begun.elapsed() < Duration::from_secs(10), "an hour's sleep takes no time");
        output
    };
    let first = diary(1);
    assert_eq!(first, diary(1));
    assert_ne!(first[8..24], diary(2)[8..24]);
    let slept = u64::from_le_bytes(first[24..32].try_into().unwrap());
    assert!((3_600_000_000_000..3_700_000_000_000).contains(&slept), "{slept}");
}

#[test]
fn what_is_refused_is_noted_with_the_path_that_was_granted() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("data"), "x").unwrap();
    let text = module(
        &["path_open", "path_unlink_file", "proc_exit"],
        r#"(memory (export "memory") 1) (data (i32.const 0) "data") (data (i32.const 8) "../data")
           (func (export "_start")
             (drop (call $path_unlink_file (i32.const 3) (i32.const 0) (i32.const 4)))
             (drop (call $path_unlink_file (i32.const 3) (i32.const 8) (i32.const 7)))
             (call $proc_exit (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 0)
               (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 100))))"#,
    );
    let grants = Grants::none().directory(temp.path(), "work", false).unwrap();
    let (outcome, _) = run(&text, grants);
    assert_eq!(outcome.exit_code, 63, "EPERM");
    let flags: Vec<String> = outcome.usage.denied.iter().map(|denial| denial.flag()).collect();
    assert_eq!(flags, ["--allow-write=work/data", "--allow-write=data"]);
}

#[test]
fn contexts_of_one_component_share_nothing() {
    let text = module(
        &["fd_close", "fd_read", "proc_exit"],
        r#"(memory (export "memory") 1)
           (func (export "close") (param i32) (result i32) (call $fd_close (local.get 0)))
           (func (export "read") (result i32) (local i32)
             (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 3))
             (local.set 0 (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
             (i32.or (i32.shl (local.get 0) (i32.const 8)) (i32.load (i32.const 8))))"#,
    );
    let component = component(&text);
    let grants = Grants::none().stdin(Stdin::Bytes(b"four"[..].into()));
    let mut contexts: Vec<Context> =
        (0..3).map(|_| Context::new(&component, &grants, Limits::default()).unwrap()).collect();
    let mut read = |i: usize| contexts[i].call("read", &[]).unwrap();
    assert_eq!([read(0), read(0), read(1)], [[Value::I32(3)], [Value::I32(1)], [Value::I32(3)]]);
    assert_eq!(contexts[2].call("close", &[Value::I32(0)]).unwrap(), [Value::I32(0)]);
    assert_eq!(contexts[2].call("read", &[]).unwrap(), [Value::I32(8 << 8)], "EBADF");
    assert_eq!(contexts[1].call("read", &[]).unwrap(), [Value::I32(1)]);
}

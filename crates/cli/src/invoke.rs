//! `--invoke`: one call of an exported function, with its arguments from the command line: numbers for a module, values of
//! [`crate::wit`] for a component.

use b8g::{
    CallError, Component, Context, Function, Outcome, Reason, Value, ValueType, WitFunction, WitValue,
};

use crate::console::{STDOUT, printable, write_all};
use crate::failure::Failure;
use crate::program::{Program, shown};
use crate::wit;

/// Functions that an error names.
const NAMES_SHOWN_MAX: usize = 12;

/// A call whose arguments fit.
#[derive(Debug)]
pub struct Invocation {
    name: String,
    arguments: Arguments,
}

#[derive(Debug)]
enum Arguments {
    /// Of a module.
    Numbers(Vec<Value>),
    /// Of a component.
    Values(Vec<WitValue>),
}

impl Invocation {
    /// Finds the function and reads its numbers.
    pub fn new(
        program: &Program,
        component: &Component,
        name: &str,
        arguments: &[&str],
    ) -> Result<Invocation, Failure> {
        let path = shown(&program.path);
        if !component.is_wasm() {
            return Err(Failure::usage(format!(
                "--invoke calls functions of wasm modules; {path} is a source"
            )));
        }
        if component.is_program() {
            return Err(Failure::usage(format!("{path} is a program: run it without --invoke")));
        }
        let exported = component.exported_functions();
        if !exported.is_empty() {
            return Invocation::of_component(&path, &exported, name, arguments);
        }
        let functions = component.functions();
        let Some(function) = functions.iter().find(|function| function.name == name) else {
            let name = printable(name, false);
            return Err(Failure::usage(format!(
                "{path} exports no function \"{name}\"; {}",
                list(&functions)
            )));
        };
        if function.parameters.len() != arguments.len() {
            let (takes, got) = (signature(function), arguments.len());
            return Err(Failure::usage(format!(
                "the function {takes} cannot be called with {got} arguments"
            )));
        }
        let values = function.parameters.iter().zip(arguments).map(|(ty, text)| {
            read(*ty, text).ok_or_else(|| {
                let (takes, ty) = (signature(function), ty.name());
                Failure::usage(format!("{text:?} is not an {ty}, which the function {takes} takes"))
            })
        });
        let arguments = Arguments::Numbers(values.collect::<Result<_, _>>()?);
        Ok(Invocation { name: name.to_owned(), arguments })
    }

    fn of_component(
        path: &str,
        functions: &[WitFunction],
        name: &str,
        arguments: &[&str],
    ) -> Result<Invocation, Failure> {
        let Some(function) = functions.iter().find(|function| function.name == name) else {
            let name = printable(name, false);
            let has = named(functions.iter().map(wit::signature));
            return Err(Failure::usage(format!("{path} exports no function \"{name}\"; {has}")));
        };
        let takes = wit::signature(function);
        if function.parameters.len() != arguments.len() {
            let got = arguments.len();
            return Err(Failure::usage(format!(
                "the function {takes} cannot be called with {got} arguments"
            )));
        }
        let values = function.parameters.iter().zip(arguments).map(|((_, ty), text)| {
            let wrong = || Failure::usage(format!("{text:?} is no {ty}, which the function {takes} takes"));
            wit::read(ty, text).ok_or_else(wrong)
        });
        let arguments = Arguments::Values(values.collect::<Result<_, _>>()?);
        Ok(Invocation { name: name.to_owned(), arguments })
    }

    /// What it gives, as it is printed; whether it is an error that the function answered.
    fn answer(&self, context: &mut Context) -> Result<(Vec<u8>, bool), CallError> {
        match &self.arguments {
            Arguments::Numbers(values) => {
                let values = context.call(&self.name, values)?;
                let lines: String = values.iter().map(|value| format!("{}\n", show(*value))).collect();
                Ok((lines.into_bytes(), false))
            }
            Arguments::Values(values) => {
                let Some(value) = context.invoke(&self.name, values)? else { return Ok((Vec::new(), false)) };
                let mut shown = wit::show(&value);
                shown.push(b'\n');
                Ok((shown, matches!(value, WitValue::Result(Err(_)))))
            }
        }
    }

    /// Calls it and prints what it gives, one number a line. An error that it answers is printed to standard error.
    pub fn call(&self, context: &mut Context) -> Outcome {
        let mut outcome = Outcome {
            reason: Reason::Exit,
            exit_code: 0,
            message: String::new(),
            broken_pipe: false,
            usage: b8g::Usage::default(),
        };
        match self.answer(context) {
            Ok((error, true)) => {
                outcome.usage = context.usage();
                fail(&mut outcome, String::from_utf8_lossy(&error).trim_end().to_owned());
            }
            Ok((shown, false)) => {
                outcome.usage = context.usage();
                match write_all(STDOUT, &shown, None) {
                    Ok(()) => {}
                    Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                        (outcome.broken_pipe, outcome.exit_code) = (true, 128 + libc::SIGPIPE);
                    }
                    Err(error) => fail(&mut outcome, format!("cannot write the results: {error}")),
                }
            }
            Err(CallError::Ended(ended)) => outcome = ended,
            Err(error) => fail(&mut outcome, error.to_string()),
        }
        outcome
    }
}

fn fail(outcome: &mut Outcome, message: String) {
    (outcome.reason, outcome.exit_code, outcome.message) =
        (Reason::Error, Reason::Error.exit_code(), message);
}

/// Refuses a module that would do nothing when it is run.
pub fn check_program(program: &Program, component: &Component) -> Result<(), Failure> {
    if component.is_program() {
        return Ok(());
    }
    let why =
        format!("{} is not a program: it exports neither _start nor wasi:cli/run", shown(&program.path));
    let exported = component.exported_functions();
    let has = match exported.is_empty() {
        true => list(&component.functions()),
        false => named(exported.iter().map(wit::signature)),
    };
    let help = format!("call one of its functions with --invoke NAME; {has}");
    Err(Failure::usage(format!("{why}; {help}")))
}

/// The functions that can be called, for a person.
fn list(functions: &[Function]) -> String {
    if functions.is_empty() {
        return "it has none that takes and gives numbers".to_owned();
    }
    named(functions.iter().map(signature))
}

/// Some of them, for a person.
fn named(mut signatures: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = signatures.by_ref().take(NAMES_SHOWN_MAX).collect();
    let more = if signatures.next().is_some() { ", …" } else { "" };
    format!("it has {}{more}", names.join(", "))
}

fn signature(function: &Function) -> String {
    let parameters: Vec<&str> = function.parameters.iter().map(|ty| ty.name()).collect();
    format!("{}({})", printable(&function.name, false), parameters.join(", "))
}

/// Reads a number: decimal, or hexadecimal after `0x`; integers may be meant with or without a sign.
fn read(ty: ValueType, text: &str) -> Option<Value> {
    match ty {
        ValueType::I32 => {
            let number = integer(text)?;
            let bits =
                i32::try_from(number).ok().or_else(|| u32::try_from(number).ok().map(u32::cast_signed));
            bits.map(Value::I32)
        }
        ValueType::I64 => {
            let number = integer(text)?;
            let bits =
                i64::try_from(number).ok().or_else(|| u64::try_from(number).ok().map(u64::cast_signed));
            bits.map(Value::I64)
        }
        ValueType::F32 => text.parse().ok().map(Value::F32),
        ValueType::F64 => text.parse().ok().map(Value::F64),
        _ => None,
    }
}

pub fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (digits, radix) = digits.strip_prefix("0x").map_or((digits, 10), |digits| (digits, 16));
    // A sign has been read already; the standard library would read another.
    let number =
        digits.starts_with(|c: char| c.is_digit(radix)).then(|| u64::from_str_radix(digits, radix))?;
    let number = i128::from(number.ok()?);
    Some(if negative { -number } else { number })
}

fn show(value: Value) -> String {
    match value {
        Value::I32(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
        Value::F32(number) => number.to_string(),
        Value::F64(number) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_by_their_type() {
        assert_eq!(read(ValueType::I32, "-5"), Some(Value::I32(-5)));
        assert_eq!(read(ValueType::I32, "4294967295"), Some(Value::I32(-1)));
        assert_eq!(read(ValueType::I32, "0xff"), Some(Value::I32(255)));
        assert_eq!(read(ValueType::I32, "4294967296"), None);
        assert_eq!(read(ValueType::I64, "-9223372036854775808"), Some(Value::I64(i64::MIN)));
        assert_eq!(read(ValueType::I64, "18446744073709551615"), Some(Value::I64(-1)));
        assert_eq!(read(ValueType::F64, "1e3"), Some(Value::F64(1000.0)));
        assert_eq!(read(ValueType::F32, "-inf"), Some(Value::F32(f32::NEG_INFINITY)));
        for bad in ["", "-", "+1", "1.5", "0x", "0x+1", "--1", "1 "] {
            assert_eq!(read(ValueType::I32, bad), None, "{bad}");
        }
    }
}

//! Values of the component model on the command line: read by their types, and shown.

use b8g::{WitFunction, WitType, WitValue};

use crate::console::printable;
use crate::invoke::integer;

/// How a function is called, for a person.
pub fn signature(function: &WitFunction) -> String {
    let parameters: Vec<String> =
        function.parameters.iter().map(|(name, ty)| format!("{}: {ty}", printable(name, false))).collect();
    format!("{}({})", printable(&function.name, false), parameters.join(", "))
}

/// Reads a value. Texts and bytes are taken as they are; `none` is no value of an option; `ok`, `ok:VALUE`, `error` and
/// `error:VALUE` are results.
pub fn read(ty: &WitType, text: &str) -> Option<WitValue> {
    let of = |ty: &Option<Box<WitType>>, rest: Option<&str>| match (ty, rest) {
        (None, None) => Some(None),
        (Some(ty), Some(text)) => Some(Some(Box::new(read(ty, text)?))),
        _ => None,
    };
    Some(match ty {
        WitType::Bool => WitValue::Bool(text.parse().ok()?),
        WitType::S8 => WitValue::S8(i8::try_from(integer(text)?).ok()?),
        WitType::U8 => WitValue::U8(u8::try_from(integer(text)?).ok()?),
        WitType::S16 => WitValue::S16(i16::try_from(integer(text)?).ok()?),
        WitType::U16 => WitValue::U16(u16::try_from(integer(text)?).ok()?),
        WitType::S32 => WitValue::S32(i32::try_from(integer(text)?).ok()?),
        WitType::U32 => WitValue::U32(u32::try_from(integer(text)?).ok()?),
        WitType::S64 => WitValue::S64(i64::try_from(integer(text)?).ok()?),
        WitType::U64 => WitValue::U64(u64::try_from(integer(text)?).ok()?),
        WitType::F32 => WitValue::F32(text.parse().ok()?),
        WitType::F64 => WitValue::F64(text.parse().ok()?),
        WitType::Char => {
            let mut chars = text.chars();
            let first = chars.next()?;
            chars.next().is_none().then_some(WitValue::Char(first))?
        }
        WitType::String => WitValue::String(text.to_owned()),
        WitType::Bytes => WitValue::Bytes(text.as_bytes().to_vec()),
        WitType::Option(_) if text == "none" => WitValue::Option(None),
        WitType::Option(ty) => WitValue::Option(Some(Box::new(read(ty, text)?))),
        WitType::Result(ok, error) => {
            let (word, rest) = text.split_once(':').map_or((text, None), |(word, rest)| (word, Some(rest)));
            WitValue::Result(match word {
                "ok" => Ok(of(ok, rest)?),
                "error" => Err(of(error, rest)?),
                _ => return None,
            })
        }
        _ => return None,
    })
}

/// Shows a value: texts and bytes as they are, the elements of others one a line.
pub fn show(value: &WitValue) -> Vec<u8> {
    let optional = |value: &Option<Box<WitValue>>, nothing: &str| match value {
        Some(value) => show(value),
        None => nothing.as_bytes().to_vec(),
    };
    match value {
        WitValue::Bool(value) => value.to_string().into_bytes(),
        WitValue::S8(value) => value.to_string().into_bytes(),
        WitValue::U8(value) => value.to_string().into_bytes(),
        WitValue::S16(value) => value.to_string().into_bytes(),
        WitValue::U16(value) => value.to_string().into_bytes(),
        WitValue::S32(value) => value.to_string().into_bytes(),
        WitValue::U32(value) => value.to_string().into_bytes(),
        WitValue::S64(value) => value.to_string().into_bytes(),
        WitValue::U64(value) => value.to_string().into_bytes(),
        WitValue::F32(value) => value.to_string().into_bytes(),
        WitValue::F64(value) => value.to_string().into_bytes(),
        WitValue::Char(value) => value.to_string().into_bytes(),
        WitValue::String(text) => text.clone().into_bytes(),
        WitValue::Bytes(bytes) => bytes.clone(),
        WitValue::List(values) | WitValue::Tuple(values) => {
            values.iter().map(show).collect::<Vec<_>>().join(&b'\n')
        }
        WitValue::Option(value) => optional(value, "none"),
        WitValue::Result(Ok(value)) => optional(value, "ok"),
        WitValue::Result(Err(value)) => optional(value, "error"),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_their_type() {
        let some = |value| WitValue::Option(Some(Box::new(value)));
        assert_eq!(read(&WitType::U8, "255"), Some(WitValue::U8(255)));
        assert_eq!(read(&WitType::U8, "256"), None);
        assert_eq!(read(&WitType::S64, "-0x10"), Some(WitValue::S64(-16)));
        assert_eq!(read(&WitType::Bool, "true"), Some(WitValue::Bool(true)));
        assert_eq!(read(&WitType::Char, "ß"), Some(WitValue::Char('ß')));
        assert_eq!(read(&WitType::Char, "ss"), None);
        assert_eq!(read(&WitType::Bytes, "ab"), Some(WitValue::Bytes(b"ab".to_vec())));
        let option = WitType::Option(Box::new(WitType::U16));
        assert_eq!(read(&option, "none"), Some(WitValue::Option(None)));
        assert_eq!(read(&option, "7"), Some(some(WitValue::U16(7))));
        let result = WitType::Result(Some(Box::new(WitType::String)), None);
        let ok = WitValue::Result(Ok(Some(Box::new(WitValue::String("a:b".into())))));
        assert_eq!(read(&result, "ok:a:b"), Some(ok.clone()));
        assert_eq!(read(&result, "error"), Some(WitValue::Result(Err(None))));
        assert_eq!((read(&result, "ok"), read(&result, "error:x"), read(&result, "x")), (None, None, None));
        assert_eq!(show(&ok), b"a:b");
        assert_eq!(show(&WitValue::Tuple(vec![WitValue::U8(1), WitValue::Bool(false)])), b"1\nfalse");
    }
}

//! Joins data segments that lie close together. The capture writes one for each run of bytes between zeroes, thousands in
//! all; whoever loads the module pays for each.

use anyhow::{Result, ensure};
use wasm_encoder::{ConstExpr, DataCountSection, DataSection, Module, RawSection, SectionId};
use wasmparser::{DataKind, Operator, Parser, Payload};

/// Zeroes between two segments that are cheaper to store than another segment is to load.
const GAP_BYTES_MAX: usize = 256;

/// Writes the module anew with fewer, longer segments; as it is when its code refers to segments by number.
pub fn merge_segments(wasm: &[u8]) -> Result<Vec<u8>> {
    if names_segments(wasm)? {
        return Ok(wasm.to_vec());
    }
    let segments = join(read_segments(wasm)?);
    let mut data = DataSection::new();
    for (offset, bytes) in &segments {
        data.active(0, &ConstExpr::i32_const(*offset as u32 as i32), bytes.iter().copied());
    }
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Some((id, range)) = payload?.as_section() else { continue };
        if id == SectionId::Data as u8 {
            module.section(&data);
        } else if id == SectionId::DataCount as u8 {
            module.section(&DataCountSection { count: u32::try_from(segments.len())? });
        } else {
            module.section(&RawSection { id, data: &wasm[range] });
        }
    }
    Ok(module.finish())
}

fn names_segments(wasm: &[u8]) -> Result<bool> {
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CodeSectionEntry(body) = payload? else { continue };
        for operator in body.get_operators_reader()? {
            if matches!(operator?, Operator::MemoryInit { .. } | Operator::DataDrop { .. }) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn read_segments(wasm: &[u8]) -> Result<Vec<(usize, &[u8])>> {
    let mut segments = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::DataSection(section) = payload? else { continue };
        for data in section {
            let data = data?;
            let DataKind::Active { memory_index: 0, offset_expr } = data.kind else {
                ensure!(matches!(data.kind, DataKind::Passive), "a captured module has one memory");
                continue;
            };
            let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? else {
                anyhow::bail!("a captured segment has a constant offset")
            };
            segments.push((value as u32 as usize, data.data));
        }
    }
    ensure!(segments.is_sorted_by_key(|(offset, _)| *offset), "captured segments are in order");
    Ok(segments)
}

fn join(segments: Vec<(usize, &[u8])>) -> Vec<(usize, Vec<u8>)> {
    let mut joined: Vec<(usize, Vec<u8>)> = Vec::new();
    for (offset, bytes) in segments {
        match joined.last_mut() {
            Some((start, last)) if offset <= *start + last.len() + GAP_BYTES_MAX => {
                last.resize(offset - *start, 0);
                last.extend_from_slice(bytes);
            }
            _ => joined.push((offset, bytes.to_vec())),
        }
    }
    joined
}

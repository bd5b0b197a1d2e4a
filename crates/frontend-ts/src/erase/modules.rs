//! Which imports and exports are only of types.
//!
//! As TypeScript does without `verbatimModuleSyntax`: an import that is never used as a value is dropped.

use std::collections::HashSet;

use oxc::ast::ast::{
    ExportSpecifier, ImportDeclaration, ImportDeclarationSpecifier, ModuleExportName, Program, Statement,
};
use oxc::span::GetSpan;

use super::Eraser;

/// Blanks the imports and exports of types. Answers where the statements began that are gone, or `None` if only an
/// analysis of scopes can tell.
pub(super) fn drop_types(eraser: &mut Eraser, program: &Program) -> Option<Vec<u32>> {
    if eraser.exported.iter().any(|name| eraser.types.contains(name)) {
        return None;
    }
    let exported: HashSet<&str> = eraser.exported.iter().copied().collect();
    let mut dropped = Vec::new();
    for statement in &program.body {
        let keep = match statement {
            Statement::ImportDeclaration(import) => import_declaration(eraser, import, &exported)?,
            Statement::ExportAllDeclaration(export) => export.export_kind.is_value(),
            Statement::ExportNamedDeclaration(export) => {
                export.export_kind.is_value() && export_specifiers(eraser, &export.specifiers)
            }
            Statement::ExportFromDeclaration(export) => {
                export.export_kind.is_value() && export_specifiers(eraser, &export.specifiers)
            }
            _ => true,
        };
        if !keep {
            eraser.blanks.statement(statement.span());
            dropped.push(statement.span().start);
        }
    }
    Some(dropped)
}

/// The name in this module that a specifier exports.
pub(super) fn local_name<'a>(name: &ModuleExportName<'a>) -> Option<&'a str> {
    match name {
        ModuleExportName::IdentifierName(name) => Some(name.name.as_str()),
        ModuleExportName::IdentifierReference(name) => Some(name.name.as_str()),
        ModuleExportName::StringLiteral(_) => None,
    }
}

/// Answers whether anything of the statement stays.
fn import_declaration(
    eraser: &mut Eraser,
    import: &ImportDeclaration,
    exported: &HashSet<&str>,
) -> Option<bool> {
    let Some(specifiers) = import.specifiers.as_ref().filter(|specifiers| !specifiers.is_empty()) else {
        return Some(import.import_kind.is_value());
    };
    let mut gone = Vec::new();
    for specifier in specifiers {
        let name = specifier.local().name.as_str();
        let is_type = import.import_kind.is_type()
            || matches!(specifier, ImportDeclarationSpecifier::ImportSpecifier(named) if named.import_kind.is_type());
        if is_type && exported.contains(name) {
            return None;
        }
        let is_used = eraser.referenced.contains(name) || exported.contains(name);
        if !is_type && is_used && eraser.bound.contains(name) && !exported.contains(name) {
            // It may be the other binding that is used.
            return None;
        }
        if is_type || !is_used {
            gone.push(specifier);
        }
    }
    if gone.len() == specifiers.len() {
        return Some(false);
    }
    for specifier in gone {
        match specifier {
            ImportDeclarationSpecifier::ImportNamespaceSpecifier(namespace) => {
                // Only a default import can stand before it: `import a, * as b`.
                let first = specifiers.first().map(GetSpan::span)?;
                eraser.blanks.between(first.end, namespace.span.end);
            }
            _ => eraser.blanks.item(specifier.span()),
        }
    }
    Some(true)
}

/// Answers whether anything of the statement stays.
fn export_specifiers(eraser: &mut Eraser, specifiers: &[ExportSpecifier]) -> bool {
    let types = || specifiers.iter().filter(|specifier| specifier.export_kind.is_type());
    if !specifiers.is_empty() && types().count() == specifiers.len() {
        return false;
    }
    for specifier in types() {
        eraser.blanks.item(specifier.span);
    }
    true
}

//! What of TypeScript's namespaces is refused: more of them than anyone writes, and what would be compiled wrongly.
//!
//! A namespace that is declared in several parts is one object; the compiler lets no part see by their bare names what
//! another part exports, and would let these names mean something else without a word. Start at [`check`].

use std::collections::{HashMap, HashSet};

use oxc::ast::ast::{
    BindingIdentifier, Declaration, IdentifierReference, Program, Statement, TSNamespaceDeclaration,
    TSNamespaceDeclarationBody,
};
use oxc::ast_visit::{VisitJs, walk_js};
use oxc::span::Span;

/// Namespaces of a file at most: compiling them costs the square of their number.
const COUNT_MAX: usize = 2_000;
/// Names of one dotted name at most: each is a scope within the one before it.
const DEPTH_MAX: usize = 64;

/// Why a file cannot be compiled, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub message: String,
    pub help: Option<String>,
    pub span: Span,
}

/// Looks through a program that holds more than types.
pub(crate) fn check(program: &Program) -> Result<(), Refused> {
    let mut checker = Checker::default();
    checker.visit_program(program);
    checker.refused.map_or(Ok(()), Err)
}

#[derive(Default)]
struct Checker {
    count: usize,
    /// The names of the namespaces around.
    path: Vec<String>,
    /// What the parts of a namespace export that were seen until now, by its dotted name.
    exports: HashMap<String, HashSet<String>>,
    refused: Option<Refused>,
}

impl<'a> VisitJs<'a> for Checker {
    fn visit_ts_namespace_declaration(&mut self, namespace: &TSNamespaceDeclaration<'a>) {
        if namespace.declare || self.refused.is_some() {
            return;
        }
        self.count += 1;
        if self.count > COUNT_MAX || self.path.len() >= DEPTH_MAX {
            self.refused = Some(Refused {
                message: format!(
                    "there are more than {COUNT_MAX} namespaces, or they lie deeper than {DEPTH_MAX}"
                ),
                help: Some("use modules".to_owned()),
                span: namespace.id.span,
            });
            return;
        }
        self.path.push(namespace.id.name.to_string());
        if let TSNamespaceDeclarationBody::TSModuleBlock(block) = &namespace.body {
            let path = self.path.join(".");
            self.part(namespace, &path);
            let exported = block.body.iter().flat_map(exported);
            self.exports.entry(path).or_default().extend(exported);
        }
        walk_js::walk_ts_namespace_declaration(self, namespace);
        self.path.pop();
    }
}

impl Checker {
    /// Refuses a part that uses what an earlier part of the same namespace exports.
    fn part(&mut self, namespace: &TSNamespaceDeclaration<'_>, path: &str) {
        let Some(earlier) = self.exports.get(path).filter(|earlier| !earlier.is_empty()) else { return };
        let mut names = Names::default();
        names.visit_ts_namespace_declaration_body(&namespace.body);
        let missed =
            names.used.iter().find(|(name, _)| earlier.contains(name) && !names.bound.contains(name));
        if let Some((name, span)) = missed {
            self.refused = Some(Refused {
                message: format!(
                    "{name} is exported by another part of the namespace {path}, which cannot be seen from here yet"
                ),
                help: Some(format!("write {path}.{name}, or put the parts together")),
                span: *span,
            });
        }
    }
}

/// The names that a statement of a namespace exports.
fn exported(statement: &Statement<'_>) -> Vec<String> {
    let Statement::ExportDeclaration(export) = statement else { return Vec::new() };
    match &export.declaration {
        Declaration::VariableDeclaration(variables) => {
            let names =
                variables.declarations.iter().flat_map(|variable| variable.id.get_binding_identifiers());
            names.map(|name| name.name.to_string()).collect()
        }
        Declaration::FunctionDeclaration(function) => {
            function.id.iter().map(|id| id.name.to_string()).collect()
        }
        Declaration::ClassDeclaration(class) => class.id.iter().map(|id| id.name.to_string()).collect(),
        Declaration::TSEnumDeclaration(enumeration) => vec![enumeration.id.name.to_string()],
        Declaration::TSNamespaceDeclaration(namespace) => vec![namespace.id.name.to_string()],
        _ => Vec::new(),
    }
}

/// The names that some code uses and binds.
#[derive(Default)]
struct Names {
    used: Vec<(String, Span)>,
    bound: HashSet<String>,
}

impl<'a> VisitJs<'a> for Names {
    fn visit_identifier_reference(&mut self, reference: &IdentifierReference<'a>) {
        self.used.push((reference.name.to_string(), reference.span));
    }

    fn visit_binding_identifier(&mut self, binding: &BindingIdentifier<'a>) {
        self.bound.insert(binding.name.to_string());
    }
}

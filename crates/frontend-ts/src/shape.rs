//! What an ES module takes from others and gives to others, name by name: what leaving out unused modules goes by.
//!
//! Start at [`of_program`]; [`Shape`] says what is found. Positions are those of the code that the engine runs.
//! Invariant: nothing is called unused that the module may use. Bindings are told apart by their names alone, so a
//! variable that hides an import counts as a use of it; where code may look at everything (`eval`, a computed
//! `import()`, a namespace as a value), everything counts as used.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    CallExpression, Declaration, ExportAllDeclaration, ExportFromDeclaration, ExportNamedDeclaration,
    Expression, IdentifierReference, ImportDeclaration, ImportDeclarationSpecifier, ImportExpression,
    ImportMeta, Program, Statement as Syntax, StaticMemberExpression, StringLiteral, WithClause,
};
use oxc::ast_visit::{VisitJs, walk_js};
use oxc::parser::Parser;
use oxc::span::{GetSpan, SourceType, Span};

use crate::nesting::{self, Dialect};
use crate::requests::{self, Request};

/// What a module takes and gives.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    /// The statements that ask for another module, in their order.
    pub statements: Vec<Statement>,
    /// What these statements name, one after the other.
    pub items: Vec<Item>,
    /// What the module exports, but for what its `export *` bring.
    pub exports: BTreeMap<String, Export>,
    /// The specifiers of `export { a }` where `a` was imported, and which item imports it.
    pub passed_on: Vec<(Span, usize)>,
    /// The requests that `import()` asks for as well.
    pub dynamic: Vec<usize>,
    /// The code may ask for modules whose names it computes, or look at any of its bindings.
    pub is_open: bool,
}

/// `import ... from`, `export ... from` or `export * from`.
#[derive(Debug)]
pub(crate) struct Statement {
    pub span: Span,
    /// Where its specifier begins.
    pub source: u32,
    /// Which request it is.
    pub request: usize,
    pub items: Range<usize>,
    /// `export * from`
    pub is_star: bool,
}

/// One thing that a statement takes from another module.
#[derive(Debug)]
pub(crate) struct Item {
    pub statement: usize,
    pub span: Span,
    pub taken: Taken,
    /// What the code of the module does with it, besides exporting it.
    pub usage: Usage,
}

/// What an item takes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Name(String),
    Namespace,
}

/// How a binding is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Usage {
    #[default]
    None,
    /// Only as `binding.name`, with these names.
    Members(BTreeSet<String>),
    Whole,
}

/// Where an exported name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Export {
    /// The code of the module.
    Own,
    /// What this item takes.
    Item(usize),
}

/// Finds the shape of code that is not what was parsed. `None`: it cannot be told.
pub(crate) fn of_code(code: &str, list: &[Request], nesting_max: usize) -> Option<Shape> {
    let stack_bytes = nesting::measure(code, Dialect { types: false, jsx: false }, nesting_max).ok()?;
    let parse = || {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, code, SourceType::mjs()).parse();
        if parsed.diagnostics.is_empty() { of_program(&parsed.program, code, list) } else { None }
    };
    nesting::run_with_stack(stack_bytes, parse).flatten()
}

/// Finds the shape of a program whose code is `source`. `None`: it cannot be told.
pub(crate) fn of_program(program: &Program, source: &str, list: &[Request]) -> Option<Shape> {
    let places =
        list.iter().enumerate().map(|(place, asked)| ((asked.specifier.as_str(), asked.json), place));
    let mut finder = Finder { shape: Shape::default(), places: places.collect(), bindings: HashMap::new() };
    for statement in &program.body {
        match statement {
            Syntax::ImportDeclaration(import) => finder.import(import)?,
            Syntax::ExportFromDeclaration(export) => finder.export_from(export)?,
            Syntax::ExportAllDeclaration(export) => finder.export_all(export)?,
            _ => {}
        }
    }
    for statement in &program.body {
        finder.exports(statement);
    }
    let mut seen = References {
        source,
        usages: finder.bindings.keys().map(|&name| (name, Usage::None)).collect(),
        dynamic: Vec::new(),
        is_open: false,
    };
    seen.visit_program(program);
    let Finder { mut shape, places, bindings } = finder;
    for (name, usage) in seen.usages {
        let item = &mut shape.items[bindings[name]];
        item.usage = match (usage, &item.taken) {
            (Usage::Members(_), Taken::Name(_)) => Usage::Whole,
            (usage, _) => usage,
        };
    }
    let either = seen.dynamic.into_iter().flat_map(|specifier| [(specifier, false), (specifier, true)]);
    shape.dynamic = either.filter_map(|key| places.get(&key).copied()).collect();
    shape.is_open = seen.is_open;
    Some(shape)
}

/// Reads the statements of a module.
struct Finder<'s> {
    shape: Shape,
    /// Which request a specifier is, and whether as JSON.
    places: HashMap<(&'s str, bool), usize>,
    /// The items that bind a name in the module.
    bindings: HashMap<&'s str, usize>,
}

impl<'s> Finder<'s> {
    fn import<'a: 's>(&mut self, import: &ImportDeclaration<'a>) -> Option<()> {
        if import.phase.is_some() {
            return None;
        }
        let mut items = Vec::new();
        for specifier in import.specifiers.iter().flatten() {
            let taken = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(named) => {
                    Taken::Name(named.imported.name().to_string())
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => Taken::Name("default".to_owned()),
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => Taken::Namespace,
            };
            self.bindings.insert(specifier.local().name.as_str(), self.shape.items.len() + items.len());
            items.push((specifier.span(), taken));
        }
        self.statement(import.span, &import.source, import.with_clause.as_deref(), items, false)
    }

    fn export_from(&mut self, export: &ExportFromDeclaration) -> Option<()> {
        let mut items = Vec::new();
        for specifier in &export.specifiers {
            let item = Export::Item(self.shape.items.len() + items.len());
            self.shape.exports.insert(specifier.exported.name().to_string(), item);
            items.push((specifier.span, Taken::Name(specifier.local.name().to_string())));
        }
        self.statement(export.span, &export.source, export.with_clause.as_deref(), items, false)
    }

    fn export_all(&mut self, export: &ExportAllDeclaration) -> Option<()> {
        let mut items = Vec::new();
        if let Some(name) = &export.exported {
            self.shape.exports.insert(name.name().to_string(), Export::Item(self.shape.items.len()));
            items.push((name.span(), Taken::Namespace));
        }
        let is_star = items.is_empty();
        self.statement(export.span, &export.source, export.with_clause.as_deref(), items, is_star)
    }

    fn statement(
        &mut self,
        span: Span,
        source: &StringLiteral,
        with: Option<&WithClause>,
        items: Vec<(Span, Taken)>,
        is_star: bool,
    ) -> Option<()> {
        let key = (source.value.as_str(), requests::wants_json(with));
        let request = *self.places.get(&key)?;
        let statement = self.shape.statements.len();
        let first = self.shape.items.len();
        let usage = Usage::None;
        let items =
            items.into_iter().map(|(span, taken)| Item { statement, span, taken, usage: usage.clone() });
        self.shape.items.extend(items);
        let items = first..self.shape.items.len();
        let source = source.span.start;
        self.shape.statements.push(Statement { span, source, request, items, is_star });
        Some(())
    }

    /// Notes what a statement exports that asks for no module.
    fn exports(&mut self, statement: &Syntax) {
        match statement {
            Syntax::ExportNamedDeclaration(export) => self.export_list(export),
            Syntax::ExportDefaultDeclaration(_) => self.own("default"),
            Syntax::ExportDeclaration(export) => match &export.declaration {
                Declaration::VariableDeclaration(variables) => {
                    for variable in &variables.declarations {
                        let names = variable.id.get_binding_identifiers();
                        names.iter().for_each(|name| self.own(&name.name));
                    }
                }
                Declaration::FunctionDeclaration(function) => {
                    function.id.iter().for_each(|name| self.own(&name.name));
                }
                Declaration::ClassDeclaration(class) => {
                    class.id.iter().for_each(|name| self.own(&name.name));
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn export_list(&mut self, export: &ExportNamedDeclaration) {
        for specifier in &export.specifiers {
            let imported = self.bindings.get(specifier.local.name().as_str()).copied();
            let from = imported.map_or(Export::Own, Export::Item);
            self.shape.exports.insert(specifier.exported.name().to_string(), from);
            self.shape.passed_on.extend(imported.map(|item| (specifier.span, item)));
        }
    }

    fn own(&mut self, name: &str) {
        self.shape.exports.insert(name.to_owned(), Export::Own);
    }
}

/// Looks through the code for uses of what was imported.
struct References<'s> {
    source: &'s str,
    usages: HashMap<&'s str, Usage>,
    /// What `import()` asks for.
    dynamic: Vec<&'s str>,
    is_open: bool,
}

impl<'a> VisitJs<'a> for References<'_> {
    fn visit_import_declaration(&mut self, _: &ImportDeclaration<'a>) {}

    fn visit_export_from_declaration(&mut self, _: &ExportFromDeclaration<'a>) {}

    fn visit_export_named_declaration(&mut self, _: &ExportNamedDeclaration<'a>) {}

    fn visit_identifier_reference(&mut self, name: &IdentifierReference<'a>) {
        if let Some(usage) = self.usages.get_mut(name.name.as_str()) {
            *usage = Usage::Whole;
        }
    }

    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'a>) {
        let property = member.property.name.as_str();
        match member.object.get_inner_expression() {
            Expression::Identifier(name) => {
                match self.usages.get_mut(name.name.as_str()) {
                    Some(Usage::Members(members)) => {
                        if !members.contains(property) {
                            members.insert(property.to_owned());
                        }
                    }
                    Some(usage @ Usage::None) => {
                        *usage = Usage::Members(BTreeSet::from([property.to_owned()]));
                    }
                    Some(Usage::Whole) | None => {}
                };
            }
            // `import.meta.resolve` finds modules by their names.
            Expression::ImportMeta(_) => self.is_open |= property == "resolve",
            _ => walk_js::walk_static_member_expression(self, member),
        }
    }

    fn visit_import_meta(&mut self, _: &ImportMeta) {
        self.is_open = true;
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        self.is_open |= matches!(&call.callee, Expression::Identifier(name) if name.name == "eval");
        walk_js::walk_call_expression(self, call);
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        match requests::literal(requests::text(self.source, import.source.span())) {
            Some(specifier) => self.dynamic.push(specifier),
            None => self.is_open = true,
        }
        walk_js::walk_import_expression(self, import);
    }
}

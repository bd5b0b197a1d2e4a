//! What a CommonJS module asks for with `require`, and which names it seems to export.
//!
//! Names must be known before anything runs, because ES modules import them by name; so they are guessed from the
//! source, by the patterns that compilers write and people use. Start at [`analyze`]; [`Exports`] says what is found.
//! Invariant: a name too many is an export that is `undefined`, a name too few cannot be imported; nothing else depends
//! on the guess.

use std::collections::{HashMap, HashSet};

use oxc::ast::ast::{
    Argument, AssignmentExpression, AssignmentTarget, CallExpression, Expression, ObjectExpression,
    ObjectPropertyKind, Program, PropertyKey, VariableDeclarator,
};
use oxc::ast_visit::{VisitJs, walk_js};

use crate::requests::{Request, Requests, Via};

/// The names that a module seems to export.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Exports {
    /// In the order of the source, each once, without "default".
    pub names: Vec<String>,
    /// Specifiers of modules all of whose names are exported too.
    pub reexports: Vec<String>,
}

/// What is known about a CommonJS module.
#[derive(Debug, Default)]
pub(crate) struct Analysis {
    pub requests: Requests,
    pub exports: Exports,
    /// `require`, `module` or `exports` is used.
    pub is_commonjs: bool,
    /// It may ask for modules whose names it computes.
    pub is_open: bool,
}

/// Looks through a module.
pub(crate) fn analyze(program: &Program) -> Analysis {
    let mut analyzer = Analyzer::default();
    analyzer.visit_program(program);
    // `Object.keys(a).forEach(...)` may come before or after `a` is known.
    for name in std::mem::take(&mut analyzer.loops) {
        if let Some(specifier) = analyzer.required.get(&name).cloned() {
            analyzer.add_reexport(specifier);
        }
    }
    analyzer.found
}

#[derive(Default)]
struct Analyzer {
    found: Analysis,
    known_names: HashSet<String>,
    known_reexports: HashSet<String>,
    /// Variables that hold what `require` answered.
    required: HashMap<String, String>,
    /// Variables over whose keys a loop goes.
    loops: Vec<String>,
}

impl<'a> VisitJs<'a> for Analyzer {
    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        self.call(call);
        walk_js::walk_call_expression(self, call);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        self.assignment(assignment);
        walk_js::walk_assignment_expression(self, assignment);
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if let (Some(name), Some(init)) = (declarator.id.get_binding_identifier(), &declarator.init)
            && let Some(specifier) = required(init)
        {
            self.required.insert(name.name.to_string(), specifier);
        }
        walk_js::walk_variable_declarator(self, declarator);
    }
}

impl Analyzer {
    fn call(&mut self, call: &CallExpression) {
        if let Some((specifier, span)) = require_call(call) {
            self.found.is_commonjs = true;
            self.found.requests.push(Request::new(&specifier, span, Via::Require));
            return;
        }
        self.found.is_open |= is_require(&call.callee) || is_name(&call.callee, "eval");
        match &call.callee {
            Expression::Identifier(name) => self.helper(name.name.as_str(), call),
            Expression::StaticMemberExpression(member) => {
                let property = member.property.name.as_str();
                match &member.object {
                    Expression::Identifier(object) if object.name == "Object" => {
                        self.object_call(property, call);
                    }
                    Expression::CallExpression(keys) if property == "forEach" => self.keys_loop(keys),
                    _ => self.helper(property, call),
                }
            }
            // `(0, tslib_1.__exportStar)(require("./a"), exports)`
            callee => {
                if let Expression::SequenceExpression(sequence) = callee.get_inner_expression()
                    && let Some(Expression::StaticMemberExpression(member)) = sequence.expressions.last()
                {
                    self.helper(member.property.name.as_str(), call);
                }
            }
        }
    }

    /// The helper functions that compilers export with.
    fn helper(&mut self, name: &str, call: &CallExpression) {
        let arguments = || call.arguments.iter().filter_map(Argument::as_expression);
        match name {
            "__exportStar" | "_export_star" | "_exportStar" | "__reExport" => {
                for specifier in arguments().filter_map(required) {
                    self.add_reexport(specifier);
                }
            }
            "__export" | "_export" => {
                for argument in arguments() {
                    match argument {
                        Expression::ObjectExpression(object) if arguments().any(is_exports) => {
                            self.keys(object)
                        }
                        _ => {
                            required(argument).into_iter().for_each(|specifier| self.add_reexport(specifier))
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn object_call(&mut self, method: &str, call: &CallExpression) {
        let mut arguments = call.arguments.iter().filter_map(Argument::as_expression);
        let Some(target) = arguments.next() else { return };
        if !is_exports(target) {
            return;
        }
        self.found.is_commonjs = true;
        match method {
            "defineProperty" => {
                if let Some(Expression::StringLiteral(name)) = arguments.next() {
                    self.add_name(&name.value);
                }
            }
            "assign" | "defineProperties" => {
                for argument in arguments {
                    match argument {
                        Expression::ObjectExpression(object) => self.keys(object),
                        _ => {
                            required(argument).into_iter().for_each(|specifier| self.add_reexport(specifier))
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// `Object.keys(a).forEach(...)`, with which Babel exports all names of `a`.
    fn keys_loop(&mut self, keys: &CallExpression) {
        if let Expression::StaticMemberExpression(member) = &keys.callee
            && matches!(&member.object, Expression::Identifier(object) if object.name == "Object")
            && matches!(member.property.name.as_str(), "keys" | "getOwnPropertyNames")
            && let Some(Argument::Identifier(name)) = keys.arguments.first()
        {
            self.loops.push(name.name.to_string());
        }
    }

    fn assignment(&mut self, assignment: &AssignmentExpression) {
        match &assignment.left {
            AssignmentTarget::StaticMemberExpression(member) => {
                let property = member.property.name.as_str();
                if is_exports(&member.object) {
                    self.found.is_commonjs = true;
                    self.add_name(property);
                } else if property == "exports" && is_name(&member.object, "module") {
                    self.found.is_commonjs = true;
                    self.exported_value(&assignment.right);
                }
            }
            AssignmentTarget::ComputedMemberExpression(member) if is_exports(&member.object) => {
                self.found.is_commonjs = true;
                if let Expression::StringLiteral(name) = &member.expression {
                    self.add_name(&name.value);
                }
            }
            _ => {}
        }
    }

    /// What stands right of `module.exports =`.
    fn exported_value(&mut self, value: &Expression) {
        match value.get_inner_expression() {
            Expression::ObjectExpression(object) => self.keys(object),
            // `module.exports = exports = { a }`; the inner `module.exports =` is visited by itself.
            Expression::AssignmentExpression(inner) => self.exported_value(&inner.right),
            Expression::Identifier(name) => {
                if let Some(specifier) = self.required.get(name.name.as_str()).cloned() {
                    self.add_reexport(specifier);
                }
            }
            _ => required(value).into_iter().for_each(|specifier| self.add_reexport(specifier)),
        }
    }

    fn keys(&mut self, object: &ObjectExpression) {
        for property in &object.properties {
            match property {
                ObjectPropertyKind::ObjectProperty(property) if !property.computed => match &property.key {
                    PropertyKey::StaticIdentifier(name) => self.add_name(&name.name),
                    PropertyKey::StringLiteral(name) => self.add_name(&name.value),
                    _ => {}
                },
                ObjectPropertyKind::ObjectProperty(_) => {}
                ObjectPropertyKind::SpreadProperty(spread) => {
                    required(&spread.argument).into_iter().for_each(|specifier| self.add_reexport(specifier));
                }
            }
        }
    }

    fn add_name(&mut self, name: &str) {
        if name != "default" && self.known_names.insert(name.to_owned()) {
            self.found.exports.names.push(name.to_owned());
        }
    }

    fn add_reexport(&mut self, specifier: String) {
        if self.known_reexports.insert(specifier.clone()) {
            self.found.exports.reexports.push(specifier);
        }
    }
}

/// Reads `require("a")`, also inside one call of a helper: `__importStar(require("a"))`.
fn required(expression: &Expression) -> Option<String> {
    let Expression::CallExpression(call) = expression.get_inner_expression() else { return None };
    if let Some((specifier, _)) = require_call(call) {
        return Some(specifier);
    }
    let inner = call.arguments.first()?.as_expression()?;
    match inner {
        Expression::CallExpression(call) => require_call(call).map(|(specifier, _)| specifier),
        _ => None,
    }
}

/// `require`, `module.require` or `require.resolve`
fn is_require(callee: &Expression) -> bool {
    match callee {
        Expression::Identifier(name) => name.name == "require",
        Expression::StaticMemberExpression(member) => match member.property.name.as_str() {
            "require" => is_name(&member.object, "module"),
            "resolve" => is_name(&member.object, "require"),
            _ => false,
        },
        _ => false,
    }
}

/// Reads `require("a")`, `module.require("a")` and `require.resolve("a")`.
fn require_call(call: &CallExpression) -> Option<(String, oxc::span::Span)> {
    if !is_require(&call.callee) {
        return None;
    }
    match call.arguments.first()? {
        Argument::StringLiteral(literal) => Some((literal.value.to_string(), literal.span)),
        Argument::TemplateLiteral(template) if template.expressions.is_empty() => {
            let text = template.quasis.first()?.value.cooked?;
            Some((text.to_string(), template.span))
        }
        _ => None,
    }
}

fn is_exports(expression: &Expression) -> bool {
    match expression.get_inner_expression() {
        Expression::StaticMemberExpression(member) => {
            member.property.name == "exports" && is_name(&member.object, "module")
        }
        _ => is_name(expression, "exports"),
    }
}

fn is_name(expression: &Expression, name: &str) -> bool {
    matches!(expression.get_inner_expression(), Expression::Identifier(identifier) if identifier.name == name)
}

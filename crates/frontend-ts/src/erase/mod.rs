//! Strips types by writing blanks over them, so that every position stays what it is in the source.
//!
//! Start at [`erase`]. Most TypeScript is JavaScript with types written into it; blanking them needs no analysis of
//! scopes, no printing and no map of positions. What is more than that (enums, namespaces, parameter properties,
//! decorators, JSX), and the rare places where blanks would change how lines are joined, are left to `transform`.
//!
//! Invariant: what is erased here means the same as what `transform` makes of it.

mod blanks;
mod modules;

use std::collections::HashSet;

use oxc::ast::ast::{
    AccessorProperty, ArrowFunctionExpression, BindingIdentifier, CallExpression, CatchParameter, Class,
    ClassElement, Declaration, Decorator, ExportDefaultDeclarationKind, Expression, FormalParameter,
    FormalParameterRest, Function, IdentifierReference, JSXElement, JSXFragment, MethodDefinition,
    NewExpression, Program, PropertyDefinition, PropertyKey, Statement, TSAsExpression,
    TSInstantiationExpression, TSNonNullExpression, TSSatisfiesExpression, TSTypeAssertion,
    TaggedTemplateExpression, VariableDeclarator,
};
use oxc::ast::ast::{MethodDefinitionType, PropertyDefinitionType};
use oxc::ast_visit::{VisitJs, walk_js};
use oxc::span::{GetSpan, Span};
use oxc::syntax::scope::ScopeFlags;

pub(crate) use blanks::Blanks;

/// What came of erasing.
pub(crate) enum Erased {
    /// The types are gone; nothing else changed.
    Done {
        /// The code; `None` if there was nothing to erase.
        code: Option<String>,
        /// Where the statements began that imported or exported only types.
        dropped: Vec<u32>,
    },
    /// The source holds more than types; a decorator if there is one.
    Needs(Option<Span>),
}

/// Erases the types of a TypeScript program.
pub(crate) fn erase(program: &Program, source: &str) -> Erased {
    let mut eraser = Eraser {
        blanks: Blanks::new(source),
        referenced: HashSet::new(),
        bound: HashSet::new(),
        types: HashSet::new(),
        exported: Vec::new(),
        decorator: None,
        more_than_types: false,
    };
    eraser.visit_program(program);
    if eraser.more_than_types || eraser.decorator.is_some() {
        return Erased::Needs(eraser.decorator);
    }
    match modules::drop_types(&mut eraser, program) {
        Some(dropped) => Erased::Done { code: eraser.blanks.write(), dropped },
        None => Erased::Needs(None),
    }
}

struct Eraser<'s> {
    blanks: Blanks<'s>,
    /// Names that are used as values.
    referenced: HashSet<&'s str>,
    /// Names that something else than an import binds, in any scope.
    bound: HashSet<&'s str>,
    /// Names of interfaces and type aliases.
    types: HashSet<&'s str>,
    /// Names that `export { a }` and `export default a` export.
    exported: Vec<&'s str>,
    decorator: Option<Span>,
    more_than_types: bool,
}

impl<'a: 's, 's> VisitJs<'a> for Eraser<'s> {
    fn visit_statement(&mut self, statement: &Statement<'a>) {
        match statement {
            _ if self.more_than_types => {}
            Statement::ImportDeclaration(_)
            | Statement::ExportAllDeclaration(_)
            | Statement::ExportFromDeclaration(_) => {}
            Statement::ExportNamedDeclaration(export) => {
                let values = export.specifiers.iter().filter(|specifier| specifier.export_kind.is_value());
                if export.export_kind.is_value() {
                    self.exported
                        .extend(values.filter_map(|specifier| modules::local_name(&specifier.local)));
                }
            }
            Statement::ExportDeclaration(export) if self.is_type(&export.declaration) => {
                self.blanks.statement(export.span);
            }
            Statement::ExportDefaultDeclaration(export) => match &export.declaration {
                ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => self.blanks.statement(export.span),
                ExportDefaultDeclarationKind::FunctionDeclaration(function) if function.body.is_none() => {
                    self.blanks.statement(export.span);
                }
                ExportDefaultDeclarationKind::Identifier(name) => {
                    self.exported.push(name.name.as_str());
                    walk_js::walk_statement(self, statement);
                }
                _ => walk_js::walk_statement(self, statement),
            },
            Statement::TSExportAssignment(_) => self.more_than_types = true,
            Statement::TSNamespaceExportDeclaration(export) => self.blanks.statement(export.span),
            _ => match statement.as_declaration() {
                Some(declaration) if self.is_type(declaration) => self.blanks.statement(statement.span()),
                _ => walk_js::walk_statement(self, statement),
            },
        }
    }

    fn visit_decorator(&mut self, decorator: &Decorator<'a>) {
        self.decorator.get_or_insert(decorator.span);
    }

    fn visit_jsx_element(&mut self, _: &JSXElement<'a>) {
        self.more_than_types = true;
    }

    fn visit_jsx_fragment(&mut self, _: &JSXFragment<'a>) {
        self.more_than_types = true;
    }

    fn visit_ts_type_assertion(&mut self, _: &TSTypeAssertion<'a>) {
        // Without it, what follows may begin a block.
        self.more_than_types = true;
    }

    fn visit_identifier_reference(&mut self, name: &IdentifierReference<'a>) {
        self.referenced.insert(name.name.as_str());
    }

    fn visit_binding_identifier(&mut self, name: &BindingIdentifier<'a>) {
        self.bound.insert(name.name.as_str());
    }

    fn visit_ts_as_expression(&mut self, cast: &TSAsExpression<'a>) {
        self.cast(&cast.expression, cast.span);
    }

    fn visit_ts_satisfies_expression(&mut self, cast: &TSSatisfiesExpression<'a>) {
        self.cast(&cast.expression, cast.span);
    }

    fn visit_ts_non_null_expression(&mut self, not_null: &TSNonNullExpression<'a>) {
        self.blanks.between(not_null.expression.span().end, not_null.span.end);
        self.visit_expression(&not_null.expression);
    }

    fn visit_ts_instantiation_expression(&mut self, generic: &TSInstantiationExpression<'a>) {
        self.cast(&generic.expression, generic.span);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        self.blanks.optional(call.type_arguments.as_deref());
        walk_js::walk_call_expression(self, call);
    }

    fn visit_new_expression(&mut self, new: &NewExpression<'a>) {
        self.blanks.optional(new.type_arguments.as_deref());
        walk_js::walk_new_expression(self, new);
    }

    fn visit_tagged_template_expression(&mut self, tagged: &TaggedTemplateExpression<'a>) {
        self.blanks.optional(tagged.type_arguments.as_deref());
        walk_js::walk_tagged_template_expression(self, tagged);
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if let Some(annotation) = &declarator.type_annotation {
            self.blanks.between(declarator.id.span().end, annotation.span.end);
        } else if declarator.definite {
            self.more_than_types = true;
        }
        walk_js::walk_variable_declarator(self, declarator);
    }

    fn visit_catch_parameter(&mut self, parameter: &CatchParameter<'a>) {
        self.blanks.optional(parameter.type_annotation.as_deref());
        walk_js::walk_catch_parameter(self, parameter);
    }

    fn visit_formal_parameter(&mut self, parameter: &FormalParameter<'a>) {
        if parameter.accessibility.is_some() || parameter.readonly || parameter.r#override {
            self.more_than_types = true;
        }
        let end = parameter.pattern.span().end;
        match &parameter.type_annotation {
            Some(annotation) => self.blanks.between(end, annotation.span.end),
            None if parameter.optional => self.blanks.mark_after(end, b'?'),
            None => {}
        }
        walk_js::walk_formal_parameter(self, parameter);
    }

    fn visit_formal_parameter_rest(&mut self, parameter: &FormalParameterRest<'a>) {
        self.blanks.optional(parameter.type_annotation.as_deref());
        walk_js::walk_formal_parameter_rest(self, parameter);
    }

    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        self.blanks.optional(function.type_parameters.as_deref());
        self.blanks.optional(function.return_type.as_deref());
        if let Some(this) = &function.this_param {
            self.blanks.span(this.span);
            self.blanks.comma_after(this.span.end);
        }
        walk_js::walk_function(self, function, flags);
    }

    fn visit_arrow_function_expression(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        // A line break that was inside of a type must not end up before the arrow, or after `return` or `async`.
        let parameters = arrow.type_parameters.as_deref().map(GetSpan::span);
        let answer = arrow.return_type.as_deref().map(GetSpan::span);
        for span in parameters.into_iter().chain(answer) {
            self.more_than_types |= self.blanks.has_newline(span);
            self.blanks.span(span);
        }
        walk_js::walk_arrow_function_expression(self, arrow);
    }

    fn visit_class(&mut self, class: &Class<'a>) {
        if class.r#abstract {
            self.blanks.words(class.span.start, class.body.span.start, &["abstract"]);
        }
        self.blanks.optional(class.type_parameters.as_deref());
        if let Some(heritage) = &class.heritage {
            self.blanks.optional(heritage.type_arguments.as_deref());
        }
        if !class.implements.is_empty() {
            let heritage = class.heritage.as_ref().map(|heritage| heritage.expression.span().end);
            let named = heritage.or(class.id.as_ref().map(|name| name.span.end));
            let start = named
                .unwrap_or_else(|| self.blanks.after_word(class.span.start, class.body.span.start, "class"));
            self.blanks.between(start, class.body.span.start);
        }
        walk_js::walk_class(self, class);
    }

    fn visit_class_element(&mut self, element: &ClassElement<'a>) {
        match element {
            ClassElement::TSIndexSignature(signature) => self.blanks.statement(signature.span),
            ClassElement::MethodDefinition(method) if is_type_method(method) => {
                self.blanks.statement(method.span)
            }
            ClassElement::PropertyDefinition(property) if is_type_property(property) => {
                self.decorators(&property.decorators);
                if let PropertyKey::Identifier(name) = &property.key {
                    self.referenced.insert(name.name.as_str());
                }
                self.blanks.statement(property.span);
            }
            _ => walk_js::walk_class_element(self, element),
        }
    }

    fn visit_method_definition(&mut self, method: &MethodDefinition<'a>) {
        self.blanks.modifiers(method.span.start, method.key.span().start);
        if method.optional {
            self.blanks.mark_after(after_key(&method.key, method.computed, &self.blanks), b'?');
        }
        walk_js::walk_method_definition(self, method);
    }

    fn visit_property_definition(&mut self, property: &PropertyDefinition<'a>) {
        self.blanks.modifiers(property.span.start, property.key.span().start);
        let end = after_key(&property.key, property.computed, &self.blanks);
        match &property.type_annotation {
            Some(annotation) => self.blanks.between(end, annotation.span.end),
            None if property.optional => self.blanks.mark_after(end, b'?'),
            None if property.definite => self.blanks.mark_after(end, b'!'),
            None => {}
        }
        walk_js::walk_property_definition(self, property);
    }

    fn visit_accessor_property(&mut self, _: &AccessorProperty<'a>) {
        self.more_than_types = true;
    }
}

impl<'s> Eraser<'s> {
    /// Tells whether a declaration is nothing but types; notes the names of types.
    fn is_type<'a: 's>(&mut self, declaration: &Declaration<'a>) -> bool {
        match declaration {
            Declaration::TSTypeAliasDeclaration(alias) => {
                self.types.insert(alias.id.name.as_str());
                true
            }
            Declaration::TSInterfaceDeclaration(interface) => {
                self.types.insert(interface.id.name.as_str());
                true
            }
            Declaration::VariableDeclaration(variables) => variables.declare,
            Declaration::FunctionDeclaration(function) => function.declare || function.body.is_none(),
            Declaration::ClassDeclaration(class) => {
                self.decorators(&class.decorators);
                class.declare
            }
            Declaration::TSEnumDeclaration(declaration) => declaration.declare || self.refuse(),
            Declaration::TSNamespaceDeclaration(namespace) => namespace.declare || self.refuse(),
            Declaration::TSExternalModuleDeclaration(_) | Declaration::TSGlobalDeclaration(_) => true,
            Declaration::TSImportEqualsDeclaration(import) => import.import_kind.is_type() || self.refuse(),
        }
    }

    fn refuse(&mut self) -> bool {
        self.more_than_types = true;
        false
    }

    fn decorators(&mut self, decorators: &[Decorator]) {
        if let Some(decorator) = decorators.first() {
            self.decorator.get_or_insert(decorator.span);
        }
    }

    /// `a as T`, `a satisfies T`, `a<T>`: blanks what follows `a`.
    fn cast<'a: 's>(&mut self, expression: &Expression<'a>, span: Span) {
        self.blanks.between(expression.span().end, span.end);
        // A type ends at a line break before these, but an expression goes on.
        self.more_than_types |= self.blanks.next_line_goes_on(span.end);
        self.visit_expression(expression);
    }
}

fn is_type_method(method: &MethodDefinition) -> bool {
    method.r#type == MethodDefinitionType::TSAbstractMethodDefinition || method.value.body.is_none()
}

/// A field that only declares a type: fields without a value are none, unless they are private or compute their name.
fn is_type_property(property: &PropertyDefinition) -> bool {
    let declares =
        property.declare || property.r#type == PropertyDefinitionType::TSAbstractPropertyDefinition;
    let is_private = matches!(property.key, PropertyKey::PrivateIdentifier(_));
    let computes = property.computed && !matches!(property.key, PropertyKey::Identifier(_));
    declares || (property.value.is_none() && !computes && !is_private)
}

/// Where the name of a member ends, a bracket included.
fn after_key(key: &PropertyKey, computed: bool, blanks: &Blanks) -> u32 {
    let end = key.span().end;
    if computed { blanks.after_bracket(end) } else { end }
}

#[cfg(test)]
mod tests;

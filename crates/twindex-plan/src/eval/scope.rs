//! Where the evaluator stands: the environment, and the element of the `[*]` around.

use twindex_model::value::Value;

use crate::env::Env;

/// An environment and the element that [`crate::expr::Expr::Element`] means.
pub(super) struct Scope<'a, E: ?Sized> {
    pub(super) env: &'a E,
    pub(super) element: Option<&'a Value>,
}

impl<'a, E: Env + ?Sized> Scope<'a, E> {
    pub(super) fn new(env: &'a E) -> Self {
        Self { env, element: None }
    }

    /// The same environment at `element`.
    pub(super) fn at<'b>(self, element: &'b Value) -> Scope<'b, E>
    where
        'a: 'b,
    {
        Scope { env: self.env, element: Some(element) }
    }
}

// Derived, they would ask for `E: Copy`.
impl<E: ?Sized> Clone for Scope<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: ?Sized> Copy for Scope<'_, E> {}

//! Django's template dialect on minijinja.

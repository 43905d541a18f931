-- Reconcilers delete facts that an old full statement has replaced. See docs/architecture.md.
grant delete on fact to latchkey_reconciler;

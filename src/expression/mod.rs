//! The language of relevance, constraints, calculations, choice filters and indicator formulas.

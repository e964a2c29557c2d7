// Package match finds secrets in bytes with gitleaks' rules and gitleaks'
// verdict, at a fraction of its cost.
//
// gitleaks runs a rule's regular expression over a whole file as soon as one of
// the rule's keywords occurs anywhere in it. Here an automaton finds the
// keywords' places, a second one, exact but built only as far as it is reached,
// says whether the rule's expression matches around that place and how far, and
// only such a window is given to a gitleaks detector that holds that one rule.
// So extraction, entropy, stopwords, allowlists and decoding stay gitleaks' own.
// What depends on the path (path rules, path and commit allowlists, the filter
// between rules) is decided afterwards, for each path that the bytes have.
//
// docs/repo-engine.md lists every intended difference from gitleaks.
package match

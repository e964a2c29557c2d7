// Package inventory holds the records that every other part of muster speaks
// in: what a scanner emits, what a plug-in prints, what a golden file and a
// recorded scan hold, and what the reports are made from.
//
// It is a leaf: it imports the standard library only, does no I/O of its own
// and reads no clock. All times are UTC. A zero time, an empty Tri and an empty
// level mean "unknown", which is neither zero nor absent nor a pass.
package inventory

// Package live reads the objects of a running cluster into an object.Cluster. It
// only lists: nothing is created, changed, watched or logged into, and of Secrets
// only the metadata crosses the wire unless values were opted in.
package live

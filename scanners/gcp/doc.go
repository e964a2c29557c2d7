// Package gcp lists the machine identities of Google Cloud: service accounts, those
// of Google, workload identity and workforce pools, OAuth clients; their keys, API
// keys, secrets, keys of Cloud KMS; what each may really do and by which binding;
// who may become a service account, and what runs as it; owners and last use.
//
// It reads organisations and projects live (package live) or what was saved of them
// (package export) into an object.Estate, has package paths judge that as a whole,
// and makes records of it, project by project. No value of a secret is ever read.
// docs/scanners/gcp.md and gcp-export.md say what is read, with which permissions,
// and what cannot be told.
//
// Memory: what object.Estate keeps of all projects, as a path to an administrator may
// lead over several, and what package paths finds out about each principal. What was
// read of a project goes once its records are emitted.
package gcp

// Package kubernetes lists the identities of a Kubernetes cluster: service
// accounts, the users and groups that bindings and certificates name, their
// grants and what those come to, Secrets by type, certificates, workloads as
// consumers, trust in identities of clouds, owners and last use.
//
// It reads a live cluster (package live) or manifests on disk (package
// manifest) into an object.Cluster, and makes records of that. Neither has the
// value of a Secret unless that was opted in, and then only long enough to hash
// it. docs/scanners/kubernetes.md and manifests.md say what is read, with which
// permissions, and what cannot be told.
//
// Memory: what object.Cluster keeps of each object, and an entry for each
// account, Secret and binding while records are made.
package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/kubernetes/audit"
	"github.com/muster-nhi/muster/scanners/kubernetes/live"
)

// A Config says which cluster to read and how much of it.
type Config struct {
	Context        string   `yaml:"context" json:"context"`                 // of the kubeconfig; empty is the current one, in-cluster the account of this pod
	Kubeconfig     string   `yaml:"kubeconfig" json:"kubeconfig"`           // file; empty is KUBECONFIG or ~/.kube/config
	Cluster        string   `yaml:"cluster" json:"cluster"`                 // what people call it; empty is the kubeconfig's name
	Namespaces     []string `yaml:"namespaces" json:"namespaces"`           // only these, for a user who may not list all
	AuditLogs      []string `yaml:"audit_logs" json:"audit_logs"`           // files of the API server's audit log
	ReadTLS        bool     `yaml:"read_tls" json:"read_tls"`               // read TLS Secrets, for the dates of their certificates
	HashValues     bool     `yaml:"hash_values" json:"hash_values"`         // read all Secrets and hash their values, to find them elsewhere
	WithoutSecrets bool     `yaml:"without_secrets" json:"without_secrets"` // do not list Secrets at all
	PageSize       int      `yaml:"page_size" json:"page_size"`             // objects asked for at once; 0 lets the scanner choose
}

// Factory returns the factory of the kubernetes scanner.
func Factory() scanners.Factory { return scanners.Define(info(), Config{}, open) }

// info is made once: what the scanner needs is gathered from all its lists.
//
//nolint:gochecknoglobals // a function, made once: every command asks it several times
var info = sync.OnceValue(func() scanners.Info {
	return scanners.Info{
		Name:     "kubernetes",
		Title:    "A Kubernetes cluster: service accounts and what they can really do, Secrets by type, certificates, workloads, cloud identities",
		Argument: "context",
		Kinds: []inventory.Kind{
			inventory.KindIdentity, inventory.KindCredential, inventory.KindGrant, inventory.KindUsage,
			inventory.KindTrust, inventory.KindConsumer, inventory.KindOwner,
		},
		Permissions: permissions(live.Permissions(false)),
		Network:     true,
	}
})

// permissions writes rules as kubectl auth can-i takes them: list
// serviceaccounts, get configmaps NAME.
func permissions(rules []privilege.Rule) []string {
	var out []string
	for _, r := range rules {
		for _, what := range slices.Concat(qualify(r), r.NonResourceURLs) {
			for _, verb := range r.Verbs {
				out = append(out, verb+" "+what)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// qualify names the resources of a rule with their group and names.
func qualify(r privilege.Rule) []string {
	var out []string
	for _, resource := range r.Resources {
		for _, group := range r.APIGroups {
			what := resource
			if group != "" {
				what += "." + group
			}
			for _, name := range r.ResourceNames {
				out = append(out, what+" "+name)
			}
			if len(r.ResourceNames) == 0 {
				out = append(out, what)
			}
		}
	}
	return out
}

// A scanner reads one cluster.
type scanner struct {
	config Config
	env    scanners.Env
	reader *live.Reader
}

func open(env scanners.Env, c Config) (scanners.Scanner, error) {
	if err := check(c); err != nil {
		return nil, err
	}
	reader, err := live.Open(live.Options{
		Kubeconfig: c.Kubeconfig, Context: c.Context, Name: c.Cluster, Namespaces: c.Namespaces, PageSize: c.PageSize,
		WithoutSecrets: c.WithoutSecrets, ReadTLS: c.ReadTLS, HashValues: c.HashValues,
		UserAgent: env.UserAgent, Wrap: env.Wrap, Hash: env.Hash, Now: env.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("open cluster: %w", err)
	}
	return &scanner{config: c, env: env, reader: reader}, nil
}

func check(c Config) error {
	switch {
	case c.WithoutSecrets && (c.HashValues || c.ReadTLS):
		return errors.New("without_secrets cannot be combined with hash_values or read_tls, which read Secrets")
	case c.PageSize < 0:
		return errors.New("page_size must not be negative")
	case slices.ContainsFunc(c.Namespaces, func(n string) bool { return strings.TrimSpace(n) == "" || strings.Contains(n, "/") }):
		return errors.New("namespaces holds what is no name of a namespace")
	}
	for _, path := range c.AuditLogs {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("audit_logs: %w", err)
		}
	}
	return nil
}

// Scan reads the cluster, then the audit logs, and emits what they come to. The
// error says that the cluster could not be reached or did not know the user.
func (s *scanner) Scan(ctx context.Context, emit scanners.Emit) error {
	defer s.reader.Close()
	var stopped error
	tell := func(message string, done, total int) {
		if stopped == nil {
			stopped = emit(inventory.Record{Progress: &inventory.Progress{Message: message, Done: int64(done), Total: int64(total)}})
		}
	}
	c, err := s.reader.Read(ctx, tell)
	switch {
	case stopped != nil:
		return stopped
	case err != nil:
		return fmt.Errorf("scan cluster: %w", err)
	}
	m := newMapper(ctx, "kubernetes", cmp.Or(c.Name, c.UID, live.InCluster), c, emit)
	m.now = s.env.Now()
	if len(s.config.AuditLogs) > 0 {
		if err := m.readAudit(s.config.AuditLogs, audit.Options{Now: s.env.Now()}); err != nil {
			return err
		}
	}
	return m.run(info().Kinds)
}

// readAudit reads audit logs. One that cannot be read is told as coverage.
func (m *mapper) readAudit(paths []string, opts audit.Options) error {
	m.uses = audit.New(opts)
	for _, path := range paths {
		if err := m.addAudit(path); err != nil {
			return err
		}
	}
	return nil
}

func (m *mapper) addAudit(path string) error {
	f, err := os.Open(path)
	if err != nil {
		m.lose(inventory.KindUsage, inventory.Clip(inventory.Printable(err.Error()), maxText))
		return nil
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if err := m.uses.Add(m.ctx, path, f); err != nil {
		if m.ctx.Err() != nil {
			return fmt.Errorf("read audit log: %w", err)
		}
		m.lose(inventory.KindUsage, inventory.Clip(inventory.Printable(err.Error()), maxText))
	}
	return nil
}

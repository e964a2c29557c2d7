package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/kubernetes/manifest"
)

// A ManifestConfig says which manifests to read.
type ManifestConfig struct {
	Path      string `yaml:"path" json:"path"`           // a file or a directory
	Cluster   string `yaml:"cluster" json:"cluster"`     // the live cluster that they describe, as the kubernetes source names it
	Namespace string `yaml:"namespace" json:"namespace"` // of objects that name none; empty is default
}

// Manifests returns the factory of the manifests scanner.
func Manifests() scanners.Factory {
	return scanners.Define(manifestInfo(), ManifestConfig{}, openManifests)
}

func manifestInfo() scanners.Info {
	return scanners.Info{
		Name:     "manifests",
		Title:    "Kubernetes manifests on disk: what they declare, judged as if it were a cluster, and compared with the live one",
		Argument: "path",
		Kinds: []inventory.Kind{
			inventory.KindIdentity, inventory.KindCredential, inventory.KindGrant,
			inventory.KindTrust, inventory.KindConsumer, inventory.KindOwner,
		},
		Permissions: []string{"read the manifests"},
	}
}

// A declared is a scanner of manifests.
type declared struct {
	config ManifestConfig
	env    scanners.Env
}

func openManifests(env scanners.Env, c ManifestConfig) (scanners.Scanner, error) {
	if c.Path == "" {
		return nil, errors.New("path is missing: name a file or a directory of manifests")
	}
	if _, err := os.Stat(c.Path); err != nil {
		return nil, fmt.Errorf("open manifests: %w", err)
	}
	if strings.Contains(c.Namespace, "/") {
		return nil, errors.New("namespace is no name of a namespace")
	}
	return &declared{c, env}, nil
}

// Scan reads the manifests and emits what they come to.
func (s *declared) Scan(ctx context.Context, emit scanners.Emit) error {
	name := cmp.Or(s.config.Cluster, directory(s.config.Path))
	c, problems, err := s.read(ctx, manifest.Options{Name: name, DefaultNamespace: s.config.Namespace, Hash: s.env.Hash})
	if err != nil {
		return fmt.Errorf("scan manifests: %w", err)
	}
	m := newMapper(ctx, "manifests", name, c, emit)
	m.declared = true
	if s.env.Now != nil {
		m.now = s.env.Now()
	}
	if s.config.Cluster != "" {
		m.live = "kubernetes:" + m.cluster
	}
	m.tell(problems)
	return m.run(manifestInfo().Kinds)
}

// maxProblems bounds the problems that each coverage names.
const maxProblems = 20

// tell says what of the manifests could not be read, and what is odd about them,
// with every kind: any of them may stand in a document that was not read.
func (m *mapper) tell(problems []manifest.Problem) {
	lost, notes := 0, 0
	for _, p := range problems {
		text := inventory.Clip(p.String(), maxText)
		for _, k := range manifestInfo().Kinds {
			switch {
			case p.Lost && lost < maxProblems:
				m.lose(k, text)
			case p.Lost && lost == maxProblems:
				m.lose(k, "and more")
			case !p.Lost && notes < maxProblems:
				m.note(k, text)
			case !p.Lost && notes == maxProblems:
				m.note(k, "and more")
			}
		}
		if p.Lost {
			lost++
		} else {
			notes++
		}
	}
}

// directory returns the name of a place that gives the scope its name: the path
// as it was given, so that two directories of one name are two scopes.
func directory(path string) string {
	path = filepath.ToSlash(filepath.Clean(path))
	if path != "." && !strings.HasPrefix(path, "../") && path != ".." {
		return path
	}
	if abs, err := filepath.Abs(path); err == nil {
		return filepath.Base(abs)
	}
	return path
}

//go:build e2e

// Package gcp holds the tests of the whole program against Google Cloud as Google's
// discovery documents have it (scanners/gcp/live/fake), behind a proxy of our own
// that hands out tokens as Google does and fails as a test wants. The program signs
// in with a key of a service account that is made for the test. Nothing has to be
// installed: the documents come with a module that the program is built of.
package gcp

import (
	"os"
	"sync"
	"testing"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

// target is the organisation that is scanned.
const target = "organizations/111122223333"

var shared struct {
	program peer.Program

	loaded  sync.Once
	docs    *fake.Documents
	docsErr error

	made    sync.Once
	caller  *account
	madeErr error
}

// TestMain removes the program under test.
func TestMain(m *testing.M) { os.Exit(shared.program.Main("muster-gcp-", m.Run)) }

// documents are Google's, read once.
func documents(t testing.TB) *fake.Documents {
	t.Helper()
	shared.loaded.Do(func() { shared.docs, shared.docsErr = fake.Load() })
	if shared.docsErr != nil {
		t.Fatal(shared.docsErr)
	}
	return shared.docs
}

// northwind is a proxy before the organisation that most tests scan.
func northwind(t testing.TB) *proxy {
	t.Helper()
	return newProxy(t, fake.Northwind(documents(t)))
}

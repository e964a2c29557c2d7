package aws

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	files "github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/aws/export"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// An ExportConfig says where the saved files are.
type ExportConfig struct {
	Path      string   `yaml:"path" json:"path"`             // a directory, or a single file
	OwnerTags []string `yaml:"owner_tags" json:"owner_tags"` // keys of tags that name an owner, instead of the usual ones
}

// Exports returns the factory of the aws-export scanner.
func Exports() scanners.Factory {
	return scanners.Define(exportInfo(), ExportConfig{}, openExport)
}

func exportInfo() scanners.Info {
	return scanners.Info{
		Name:        "aws-export",
		Title:       "AWS accounts as somebody saved them: GetAccountAuthorizationDetails, the credential report, outputs of the AWS CLI",
		Argument:    "path",
		Kinds:       kinds(),
		Permissions: []string{"read the files"},
	}
}

// A saved is a scanner of saved files.
type saved struct {
	config ExportConfig
	env    scanners.Env
}

func openExport(env scanners.Env, c ExportConfig) (scanners.Scanner, error) {
	if c.Path == "" {
		return nil, errors.New("path is missing: name a directory of files that were saved of AWS")
	}
	if _, err := os.Stat(c.Path); err != nil {
		return nil, fmt.Errorf("open files: %w", err)
	}
	if err := checkTags(c.OwnerTags); err != nil {
		return nil, err
	}
	return &saved{c, env}, nil
}

// maxProblems bounds the problems that each coverage names.
const maxProblems = 20

// Scan reads the files and emits what they come to. A directory without any file of
// them is an error: what was asked for was not there.
func (s *saved) Scan(ctx context.Context, emit scanners.Emit) error {
	o, problems, err := export.Read(ctx, export.Options{Dir: s.config.Path})
	if err != nil {
		return fmt.Errorf("scan files of AWS: %w", err)
	}
	files.Warn(s.env.Log, problems)
	var now time.Time
	if s.env.Now != nil {
		now = s.env.Now()
	}
	nothing := len(o.Accounts) == 0
	if nothing { // so that there is a scope to say it in
		o.Accounts = append(o.Accounts, &object.Account{ID: unknownAccount})
	}
	e := newEstate("aws-export", o, newOwnerTags(s.config.OwnerTags), now)
	e.saved = true
	e.problems(problems)
	if err := e.run(ctx, emit); err != nil || !nothing {
		return err
	}
	return fmt.Errorf("scan files of AWS: %s holds nothing that AWS's command line saved; docs/scanners/aws-export.md lists the commands", s.config.Path)
}

// unknownAccount stands in the scope where no file tells of an account.
const unknownAccount = "unknown"

// problems takes in what could not be read of the files, and what is odd about
// them.
func (e *estate) problems(problems []export.Problem) {
	add := func(to *[]string, text string) {
		switch n := len(*to); {
		case n < maxProblems:
			*to = append(*to, text)
		case n == maxProblems:
			*to = append(*to, "and more")
		}
	}
	for _, p := range problems {
		text := inventory.Clip(inventory.Printable(p.String()), cloud.MaxText)
		if p.Lost {
			add(&e.lost, text)
		} else {
			add(&e.notes, text)
		}
	}
}

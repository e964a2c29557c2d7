package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/all"
)

const exitHelp = `Exit status, whatever the format:

  0    the scan is complete and nothing is at or above --fail-on
  1    findings at or above --fail-on (rules test, rules docs --check, snapshot
       verify: something is not as it should be)
  2    wrong usage or configuration, or a report or snapshot could not be written
  3    the scan is incomplete: some scope could not be read; the report says which
       and why. It outranks 1, unless --allow-partial is given
  130  interrupted; what was found is kept and reported as partial

Findings under an active exception, and those that --baseline has, do not count.
`

const sourcesHelp = `What muster scan takes:

  PATH, repo:PATH       a git repository: all of its history and the working tree,
                        ignored and untracked files too; a directory: its files, and
                        each repository in it. Narrow it with --no-history,
                        --no-worktree, --staged, --since DATE, --commits A..B
  repos:DIR, repos:FILE all repositories below a directory (mirrors, clones, bare or
                        not), or those in a list, one path a line; nothing beside
                        them. What forks share is scanned once
  replay:FILE.jsonl     a recorded scan (-o jsonl writes one)
  kubernetes[:CONTEXT]  a cluster, through a context of the kubeconfig (the current
                        one; in a pod its service account; kubernetes:in-cluster says
                        so). --audit-log FILE adds last use. What it needs to be
                        allowed: muster permissions kubernetes
  manifests:DIR         what Kubernetes manifests in a directory or file declare:
                        YAML and JSON, also rendered by Helm or Kustomize, and dumps
                        of kubectl get -o json
  plugin:/abs/path      another program that speaks the plug-in protocol
  aws[:PROFILE]         an account of AWS, through a profile or the usual chain of
                        credentials, or with organization: true all of an
                        organisation. --accounts, --regions and their --exclude- twins
                        narrow it, --resume DIR goes on where a scan stopped. What it
                        needs to be allowed: muster permissions aws
  aws-export:DIR        accounts as their command line saved them: a dump of
                        get-account-authorization-details, a credential report and
                        other listings, in files of any name; no access is needed
  gcp[:TARGET]          Google Cloud through Application Default Credentials: a
                        project, folders/N, organizations/N or the domain of an
                        organisation; all that can be seen without one. --accounts
                        narrows it to projects, --resume DIR goes on where a scan
                        stopped. What it needs to be allowed: muster permissions gcp
  gcp-export:DIR        the same as gcloud and Asset Inventory saved it, in files of
                        any name; no access is needed
  azure[:TENANT]        Microsoft Entra and the Azure subscriptions of a tenant, by
                        id or domain; that of whoever is signed in without one.
                        --accounts narrows it to subscriptions, --resume DIR goes on
                        where a scan stopped. What it needs to be allowed:
                        muster permissions azure
  azure-export:DIR      the same as az and Microsoft Graph gave it, in files of any
                        name; no access is needed

This build has: %s.

In muster.yaml, with each scanner's own keys (muster scanners NAME lists them):

  sources:
    - repo:.
    - source: repo:../api
      name: api
      history: false
`

// topics are the pages of help that are no commands.
func topics() []string { return []string{"exit-codes", "records", "sources"} }

func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND or TOPIC]", Short: "help on a command, or on one of: " + strings.Join(topics(), ", "),
		ValidArgsFunction: func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return append(childNames(c.Root()), topics()...), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				if text, ok := topic(args[0]); ok {
					return a.print(func(w io.Writer) error {
						_, err := io.WriteString(w, text)
						return err
					})
				}
			}
			target, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				word := strings.Join(args, " ")
				return usage("there is no help on %q%s", visible(word), config.DidYouMean(word, append(childNames(c.Root()), topics()...)))
			}
			target.InitDefaultHelpFlag()
			return target.Help()
		},
	}
}

func topic(name string) (string, bool) {
	switch name {
	case "records":
		return strings.TrimRight(string(inventory.Schema()), "\n") + "\n", true
	case "exit-codes":
		return exitHelp, true
	case "sources":
		return fmt.Sprintf(sourcesHelp, strings.Join(scannerNames(all.Factories()), ", ")), true
	}
	return "", false
}

// emptyInventory is what a scan of nothing would give.
func emptyInventory() *inventory.Inventory { return inventory.NewBuilder().Build() }

package export

import (
	"fmt"
	"strings"
)

// Script returns the script in bash that saves what is read, made from the same
// table as what is missed. Of an organisation or a folder it asks Asset Inventory,
// and each project only for what that does not know; of a project it asks the
// project itself.
func Script() string {
	var b strings.Builder
	b.WriteString(scriptHead)
	b.WriteString("types=\"\n")
	for _, t := range assetTypes() {
		fmt.Fprintf(&b, "  %s\n", t)
	}
	b.WriteString("\"\n\n# What Asset Inventory does not know.\nrest() { # PROJECT\n")
	for _, c := range calls() {
		if c.need == always && len(c.assets) == 0 && !strings.HasSuffix(c.permission, ".getIamPolicy") {
			b.WriteString(c.line("projects/$1", "$1"))
		}
	}
	b.WriteString(scriptRest)
	b.WriteString("\nproject() { # PROJECT, without Asset Inventory\n")
	for _, c := range calls() {
		if c.need == always && (len(c.assets) > 0 || strings.HasSuffix(c.permission, ".getIamPolicy")) && c.permission != "cloudkms.cryptoKeys.list" {
			b.WriteString(c.line("projects/$1", "$1"))
		}
	}
	b.WriteString(scriptProject)
	b.WriteString("\nabove() { # organizations/NUMBER\n")
	for _, c := range calls() {
		if c.need == above && len(c.assets) == 0 && !strings.HasSuffix(c.permission, ".getIamPolicy") {
			b.WriteString(c.line("$1", "${1#*/}"))
		}
	}
	b.WriteString(scriptTail)
	return b.String()
}

// line is a command of the script.
func (c *call) line(place, id string) string {
	command := strings.NewReplacer("cloudresourcemanager.googleapis.com/PLACE", "\"cloudresourcemanager.googleapis.com/"+place+"\"", "PROJECT", "\""+id+"\"", "ORGANIZATION", "\""+id+"\"").Replace(c.command)
	return fmt.Sprintf("  save \"%s/%s\" %s\n", place, c.words(), command)
}

const scriptHead = `#!/usr/bin/env bash
# Usage: collect.sh DIR organizations/NUMBER|folders/NUMBER|projects/ID...
# Writes DIR/PLACE/CALL[.NAME].json, and .err where Google refused. It only reads.
set -u
out=${1:?directory}; shift; umask 077
save() { # FILE COMMAND...
  mkdir -p "$(dirname "$out/$1")"
  if gcloud --quiet --format=json "${@:2}" > "$out/$1.json" 2> "$out/$1.err" < /dev/null; then rm -f "$out/$1.err"; else rm -f "$out/$1.json"; fi
}
each() { gcloud "$@" --quiet 2> /dev/null < /dev/null; } # COMMAND... --format=value(FIELD)
last() { while read -r name; do echo "${name##*/}"; done; }
roles() { # the permissions of the roles that come in
  sort -u | while read -r role; do
    case $role in
      roles/*) save "iam-roles-describe.${role#*/}" iam roles describe "$role";;
      projects/*) p=${role#projects/}; save "projects/${p%%/*}/iam-roles-describe.${role##*/}" iam roles describe "${role##*/}" --project="${p%%/*}";;
      organizations/*) o=${role#organizations/}; save "organizations/${o%%/*}/iam-roles-describe.${role##*/}" iam roles describe "${role##*/}" --organization="${o%%/*}";;
    esac
  done
}
denies() { # PLACE
  each iam policies list --kind=denypolicies --attachment-point="cloudresourcemanager.googleapis.com/$1" --flatten='policies[]' --format='value(policies.name)' | last | while read -r id; do
    save "$1/iam-policies-get.$id" iam policies get "$id" --kind=denypolicies --attachment-point="cloudresourcemanager.googleapis.com/$1"
  done
}

`

const scriptRest = `  denies "projects/$1"
  each iam oauth-clients list --location=global --project="$1" --format='value(name)' | last | while read -r id; do
    save "projects/$1/iam-oauth-clients-credentials-list.$id" iam oauth-clients credentials list --oauth-client="$id" --location=global --project="$1" --format='json(name,displayName,disabled)'
  done # without the client secrets
}
`

//nolint:dupword // loops end in each other
const scriptProject = `  each iam service-accounts list --project="$1" --format='value(email)' | while read -r email; do
    save "projects/$1/iam-service-accounts-keys-list.$email" iam service-accounts keys list --iam-account="$email" --project="$1"
    save "projects/$1/iam-service-accounts-get-iam-policy.$email" iam service-accounts get-iam-policy "$email" --project="$1"
  done
  each secrets list --project="$1" --format='value(name)' | last | while read -r id; do
    save "projects/$1/secrets-versions-list.$id" secrets versions list "$id" --project="$1"
    save "projects/$1/secrets-get-iam-policy.$id" secrets get-iam-policy "$id" --project="$1"
  done
  each iam workload-identity-pools list --location=global --project="$1" --format='value(name)' | last | while read -r id; do
    save "projects/$1/iam-workload-identity-pools-providers-list.$id" iam workload-identity-pools providers list --workload-identity-pool="$id" --location=global --project="$1"
  done
  each kms locations list --project="$1" --format='value(locationId)' | while read -r at; do
    save "projects/$1/kms-keyrings-list.$at" kms keyrings list --location="$at" --project="$1"
    each kms keyrings list --location="$at" --project="$1" --format='value(name)' | last | while read -r ring; do
      save "projects/$1/kms-keys-list.$at.$ring" kms keys list --keyring="$ring" --location="$at" --project="$1"
    done
  done
  save "projects/$1/projects-get-ancestors-iam-policy" projects get-ancestors-iam-policy "$1"
  each projects get-ancestors-iam-policy "$1" --flatten='policy.bindings[]' --format='value(policy.bindings.role)' | roles
}
`

//nolint:dupword // loops end in each other
const scriptTail = `  denies "$1"
}

for place in "$@"; do
  case $place in
    projects/*) project "${place#*/}"; rest "${place#*/}"; continue;;
    organizations/*) above "$place"; flag=--organization=${place#*/};;
    folders/*) save "$place/iam-policies-list" iam policies list --kind=denypolicies --attachment-point="cloudresourcemanager.googleapis.com/$place"; denies "$place"; flag=--folder=${place#*/};;
    *) echo "$place: not organizations/NUMBER, folders/NUMBER or projects/ID" >&2; exit 2;;
  esac
  for type in $types; do save "$place/asset-list.resource.${type/\//_}" asset list "$flag" --content-type=resource --asset-types="$type" --page-size=1000; done
  type=iam.googleapis.com/ServiceAccount # a search alone tells when an account was made
  save "$place/asset-search-all-resources.${type/\//_}" asset search-all-resources --scope="$place" --asset-types=$type --page-size=500
  save "$place/asset-search-all-iam-policies" asset search-all-iam-policies --scope="$place" --page-size=500
  each asset search-all-iam-policies --scope="$place" --flatten='policy.bindings[]' --format='value(policy.bindings.role)' | roles
  each asset search-all-resources --scope="$place" --asset-types=cloudresourcemanager.googleapis.com/Folder --format='value(name)' | last | while read -r id; do
    [ "folders/$id" = "$place" ] || { save "folders/$id/iam-policies-list" iam policies list --kind=denypolicies --attachment-point="cloudresourcemanager.googleapis.com/folders/$id"; denies "folders/$id"; }
  done
  each asset search-all-resources --scope="$place" --asset-types=cloudresourcemanager.googleapis.com/Project --format='value(name)' | last | while read -r id; do rest "$id"; done
done
`

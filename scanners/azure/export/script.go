package export

import (
	"fmt"
	"strings"
)

// Script returns the script in bash that saves what is read, made from the same table
// as what is missed.
func Script() string {
	var b strings.Builder
	b.WriteString(scriptHead)
	b.WriteString("\n# Entra and Azure as a whole.\n")
	for _, c := range calls() {
		switch c.how {
		case byAz:
			if c.need != vault {
				fmt.Fprintf(&b, "save %s %s\n", c.file, c.ask)
			}
		case byGraph:
			fmt.Fprintf(&b, "graph %s %q\n", c.file, strings.ReplaceAll(c.ask, "$", `\$`))
		case byQuery:
			fmt.Fprintf(&b, "query %s \"%s\"\n", c.file, c.ask)
		case byARM, byHand:
		}
	}
	b.WriteString(scriptSingles)
	for _, c := range calls() {
		if c.how == byARM {
			fmt.Fprintf(&b, "  arm \"subscriptions/$id/%s\" \"/subscriptions/$id/providers/%s\"\n", c.file, c.ask)
		}
	}
	b.WriteString(scriptVaults)
	for _, c := range calls() {
		if c.need == vault {
			fmt.Fprintf(&b, "    save \"subscriptions/$id/%s.$name\" %s\n", c.file, strings.ReplaceAll(c.ask, "NAME", `"$name"`))
		}
	}
	b.WriteString("  done\n")
	b.WriteString("done\n")
	return strings.ReplaceAll(b.String(), `\\$`, `\$`)
}

const scriptHead = `#!/usr/bin/env bash
# Usage: collect.sh DIR
# Writes DIR/[subscriptions/ID/]CALL[.NAME][.PAGE].json as whoever az is signed in as, and
# .err where Microsoft refused. It only reads. In another cloud set GRAPH and MANAGEMENT.
set -u
out=${1:?directory}; umask 077; mkdir -p "$out"
management=${MANAGEMENT:-https://management.azure.com} graph=${GRAPH:-https://graph.microsoft.com}
save() { # FILE COMMAND...
  mkdir -p "$(dirname "$out/$1")"
  if az "${@:2}" --output json > "$out/$1.json" 2> "$out/$1.err" < /dev/null; then rm -f "$out/$1.err"; else rm -f "$out/$1.json"; return 1; fi
}
next() { sed -n "s/^  \"$2\": \"\(.*\)\",\{0,1\}$/\1/p" "$out/$1.json"; } # FILE FIELD: the address or token of the page after it
pages() { # FILE ADDRESS FIELD: page after page of an answer
  local file=$1 url=$2 n=1
  while [ -n "$url" ]; do
    save "$file" rest --url "$url" || return
    url=$(next "$file" "$3"); n=$((n + 1)); file=$1.$n
  done
}
graph() { pages "$1" "$graph$2" '@odata\.nextLink'; } # FILE PATH
arm() { pages "$1" "$management$2" nextLink; }         # FILE PATH
query() { # FILE QUERY: Resource Graph, with roles above the subscriptions
  local file=$1 n=1 skip=
  while :; do
    save "$file" rest --method post --url "$management/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01" --body "{\"query\": \"$2\", \"options\": {\"resultFormat\": \"objectArray\", \"\$top\": 1000, \"authorizationScopeFilter\": \"AtScopeAboveAndBelow\"$skip}}" || return
    skip=$(next "$file" '\$skipToken'); [ -n "$skip" ] || return
    skip=", \"\$skipToken\": \"$skip\""; n=$((n + 1)); file=$1.$n
  done
}
each() { # PATH QUERY: the ids that a query of az picks of all pages of Microsoft Graph
  local url="$graph$1" line
  while [ -n "$url" ]; do
    line=$(az rest --url "$url" --query "[[\"@odata.nextLink\", join(' ', $2)]]" --output tsv 2> /dev/null < /dev/null) || return
    url=${line%%$'\t'*}; [ "$url" = None ] && url=
    printf '%s\n' ${line#*$'\t'}
  done
}
`

const scriptSingles = `
# What belongs to single objects.
for id in $(each "/v1.0/applications?\$select=id&\$expand=owners(\$select=id)" 'value[?length(owners) >= ` + "`20`" + `].id'); do
  save "ad-app-owner-list.$id" ad app owner list --id "$id"
done
for id in $(each "/v1.0/servicePrincipals?\$select=id&\$expand=owners(\$select=id)" 'value[?length(owners) >= ` + "`20`" + `].id'); do
  save "ad-sp-owner-list.$id" ad sp owner list --id "$id"
done
for id in $(each "/v1.0/servicePrincipals?\$select=id&\$expand=appRoleAssignments" 'value[?length(appRoleAssignments) >= ` + "`20`" + `].id'); do
  graph "app-role-assignments.$id" "/v1.0/servicePrincipals/$id/appRoleAssignments"
done
for id in $(each /v1.0/policies/appManagementPolicies 'value[].id'); do
  graph "policy-applies-to.$id" "/v1.0/policies/appManagementPolicies/$id/appliesTo"
done
for id in $(each /v1.0/directory/administrativeUnits 'value[].id'); do
  graph "unit-member-list.$id" "/v1.0/directory/administrativeUnits/$id/members/microsoft.graph.group?\$select=id"
done
holders() { # groups that hold roles of Entra or Azure
  each "/v1.0/groups?\$filter=isAssignableToRole eq true&\$select=id" 'value[].id'
  for id in $(az account list --all --query '[].id' --output tsv 2> /dev/null < /dev/null); do
    az role assignment list --all --include-inherited --subscription "$id" --query "[?principalType == 'Group'].principalId" --output tsv 2> /dev/null < /dev/null
  done
}
for id in $(holders | sort -u); do
  save "ad-group-member-list.$id" ad group member list --group "$id"
  save "ad-group-owner-list.$id" ad group owner list --group "$id"
done

# What each subscription tells by itself.
for id in $(az account list --all --query '[].id' --output tsv 2> /dev/null < /dev/null); do
`

const scriptVaults = `  az identity list --subscription "$id" --query '[].[name, resourceGroup]' --output tsv 2> /dev/null < /dev/null | while IFS=$'\t' read -r name group; do
    save "subscriptions/$id/identity-federated-credential-list.$name" identity federated-credential list --identity-name "$name" --resource-group "$group" --subscription "$id"
  done
  for name in $(az keyvault list --subscription "$id" --query '[].name' --output tsv 2> /dev/null < /dev/null); do # names and dates, never values
`

package declared

import "github.com/muster-nhi/muster/scanners/repo/lazy"

// The forms that parsers look for.
//
//nolint:gochecknoglobals // functions, which nothing sets
var (
	expressionForm    = lazy.Regexp(`(?s)\$\{\{.*?\}\}`)
	secretForm        = lazy.Regexp(`\bsecrets\s*(?:\.\s*([A-Za-z_][A-Za-z0-9_]*)|\[\s*['"]([A-Za-z_][A-Za-z0-9_]*)['"]\s*\])`)
	commitForm        = lazy.Regexp(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
	roleForm          = lazy.Regexp(`^arn:aws[a-z-]*:iam::\d{12}:role/`)
	roleInText        = lazy.Regexp(`arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,200}`)
	googleAccountForm = lazy.Regexp(`^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$`)
	uuidForm          = lazy.Regexp(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	variableForm      = lazy.Regexp(`\$\{?([A-Z][A-Z0-9_]{2,80})`)
	numberForm        = lazy.Regexp(`^[0-9.]+[a-z]?$`)
	addressForm       = lazy.Regexp(`^[^$]*\$\{(?:\w+\()?((?:data\.)?[a-z][a-z0-9]*_[a-z0-9_]+\.[A-Za-z_][\w-]*)(?:[.\[][^{}]*)?\)?\}`)
	lineForm          = lazy.Regexp(`line (\d+)`)
	templateForm      = lazy.Regexp(`^\s*(- )?(\{\{|[^#'"]*:\s+(\|\s*)?\{\{)|^[^#'"]*:\s+"?\{\{-? *(\.Values|\.Release|\.Chart|include|template)`)
	secretWord        = lazy.Regexp(`(^|_)(PASSWORD|PASSWD|PWD|PASS|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY|CREDENTIALS?|AUTH_KEY|SIGNING_KEY|ENCRYPTION_KEY|PAT|BEARER|AUTHORIZATION|COOKIE|KEY)(_|$|\d)`)
	secretEnd         = lazy.Regexp(`(?i)(password|secret|token|apikey|accesskey|privatekey|credential)s?$`)
	referenceStart    = lazy.Regexp(`^(Bearer |Basic |token )?(\$\{?[A-Za-z_]|\$\(|\{\{|%[A-Za-z_]+%$|op://|vault:|ssm:|secretsmanager:|secret:|file:|env:|!|<%|\{env:|arn:aws:)`)
	serversWord       = lazy.Regexp(`(?i)mcp|context_servers`)
	manifestForm      = lazy.Regexp(`(?m)^\s*(?:- )?["']?kind["']?\s*:\s*["']?(?:ServiceAccount|(?:Cluster)?Role(?:Binding)?|Secret|ConfigMap|Pod|CronJob|Job|Deployment|DaemonSet|StatefulSet|ReplicaSet|ReplicationController|Rollout|\w*List)\b`)
	referenceForm     = lazy.Regexp(`\$\{(?:env:|input:)?([A-Za-z_][A-Za-z0-9_.:-]{0,80}?)(?::?-[^}]*)?\}|\$([A-Za-z_][A-Za-z0-9_]{0,80})|^\{env:([A-Za-z_][A-Za-z0-9_]{0,80})\}|(op://[^\s"']{1,200})`)
)

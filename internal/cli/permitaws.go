package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/scanners/aws/live"
)

// The names of what muster permissions aws makes.
const (
	awsRole   = "muster-read" // role and its policy
	awsReads  = "MusterReads"
	awsEnters = "MusterEntersAccounts"
	awsDenies = "NoValueOfASecret"
)

// roleLetters are those of names and paths of roles (IAM API reference, CreateRole).
const roleLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=,.@-_/"

// An awsStatement is a statement of the policy, in the order in which IAM's own
// pages write it.
type awsStatement struct {
	Sid      string
	Effect   string
	Action   []string
	Resource string
}

// awsStatements are what to allow and what to deny. To deny what was not allowed
// anyway proves that nobody else allowed it either.
func awsStatements(o live.Options) []awsStatement {
	reads := awsStatement{Sid: awsReads, Effect: "Allow", Resource: "*"}
	out := []awsStatement{}
	for _, p := range live.Permissions(o) {
		if p.Action == "sts:AssumeRole" {
			out = append(out, awsStatement{awsEnters, "Allow", []string{p.Action}, "arn:*:iam::*:role/" + o.Role})
			continue
		}
		reads.Action = append(reads.Action, p.Action)
	}
	reads.Action = slices.Compact(reads.Action) // some calls take the same permission
	denies := awsStatement{Sid: awsDenies, Effect: "Deny", Resource: "*"}
	for _, r := range live.Refused() {
		denies.Action = append(denies.Action, r.Action)
	}
	return append(append([]awsStatement{reads}, out...), denies)
}

// awsPermissions prints what it takes to read an account, ready to apply.
func awsPermissions(w io.Writer, format string, o live.Options) error {
	if strings.Trim(o.Role, roleLetters) != "" {
		return usage("--role-name: %s is no name of a role", visible(o.Role))
	}
	statements := awsStatements(o)
	switch format {
	case "", "json":
		return writeJSON(w, struct {
			Version   string
			Statement []awsStatement
		}{"2012-10-17", statements})
	case "terraform":
		awsTerraform(w, statements)
		return nil
	case "cloudformation":
		awsTemplate(w, statements)
		return nil
	case "text":
		fmt.Fprint(w, "aws reads only; it needs:\n\n")
		for _, p := range live.Permissions(o) {
			fmt.Fprintf(w, "  %-58s %s\n", p.Action, p.Why)
		}
		fmt.Fprint(w, "\nand nothing that returns the value of a secret. The policy denies it:\n\n")
		for _, r := range live.Refused() {
			fmt.Fprintf(w, "  %-58s %s\n", r.Action, r.Why)
		}
		return nil
	}
	return noFormat(format, "json", "terraform", "cloudformation", "text")
}

// awsTemplate writes a template of CloudFormation, made for a StackSet that puts
// the role into each account of an organisation.
func awsTemplate(w io.Writer, statements []awsStatement) {
	fmt.Fprintf(w, `# The role that muster reads an account with. As a StackSet, in the management account
# or a delegated administrator's, with this text in muster.yaml (the template of one):
#   aws cloudformation create-stack-set --stack-set-name %[1]s --template-body file://muster.yaml \
#     --capabilities CAPABILITY_NAMED_IAM --permission-model SERVICE_MANAGED --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false \
#     --parameters ParameterKey=TrustedPrincipal,ParameterValue=arn:aws:iam::ACCOUNT:role/ROLE
#   aws cloudformation create-stack-instances --stack-set-name %[1]s --regions us-east-1 --deployment-targets OrganizationalUnitIds=r-ROOT
# A StackSet leaves the management account out: deploy the template there as a stack.
AWSTemplateFormatVersion: "2010-09-09"
Description: What muster needs to list the machine identities of this account. It reads only.
Parameters:
  TrustedPrincipal:
    Type: String
    Description: ARN of the role or user that runs muster
    AllowedPattern: "arn:[a-z-]+:(iam|sts)::[0-9]{12}:.+"
  ExternalId:
    Type: String
    Default: ""
    Description: Has to be given when the role is assumed (external_id); empty asks for none
  RoleName:
    Type: String
    Default: %[1]s
Conditions:
  AsksForExternalId: !Not [!Equals [!Ref ExternalId, ""]]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Ref RoleName
      Description: muster lists machine identities with it; it reads only
      MaxSessionDuration: 3600
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              AWS: !Ref TrustedPrincipal
            Action: sts:AssumeRole
            Condition: !If
              - AsksForExternalId
              - StringEquals:
                  sts:ExternalId: !Ref ExternalId
              - !Ref AWS::NoValue
      Policies:
        - PolicyName: %[1]s
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
`, awsRole)
	for _, s := range statements {
		fmt.Fprintf(w, "              - Sid: %s\n                Effect: %s\n                Resource: %q\n                Action:\n", s.Sid, s.Effect, s.Resource)
		for _, action := range s.Action {
			fmt.Fprintf(w, "                  - %s\n", action)
		}
	}
	fmt.Fprint(w, `Outputs:
  RoleArn:
    Value: !GetAtt Role.Arn
`)
}

// awsTerraform writes the role for the provider hashicorp/aws, as terraform fmt
// would.
func awsTerraform(w io.Writer, statements []awsStatement) {
	fmt.Fprintf(w, `# The role that muster reads an account with. It reads only.

variable "trusted_principal" {
  description = "ARN of the role or user that runs muster"
  type        = string
}

variable "external_id" {
  description = "Has to be given when the role is assumed (external_id); empty asks for none"
  type        = string
  default     = ""
}

data "aws_iam_policy_document" "muster_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [var.trusted_principal]
    }
    dynamic "condition" {
      for_each = var.external_id == "" ? [] : [var.external_id]
      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }
    }
  }
}

data "aws_iam_policy_document" "muster" {
`)
	for _, s := range statements {
		fmt.Fprintf(w, "  statement {\n    sid       = %q\n    effect    = %q\n    resources = [%q]\n    actions = [\n", s.Sid, s.Effect, s.Resource)
		for _, action := range s.Action {
			fmt.Fprintf(w, "      %q,\n", action)
		}
		fmt.Fprint(w, "    ]\n  }\n")
	}
	fmt.Fprintf(w, `}

resource "aws_iam_role" "muster" {
  name                 = %[1]q
  description          = "muster lists machine identities with it; it reads only"
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.muster_trust.json
}

resource "aws_iam_role_policy" "muster" {
  name   = %[1]q
  role   = aws_iam_role.muster.id
  policy = data.aws_iam_policy_document.muster.json
}

output "muster_role_arn" {
  value = aws_iam_role.muster.arn
}
`, awsRole)
}

// awsFlags are the options that widen or narrow what a scan of AWS needs.
type awsFlags struct {
	organization, accessAdvisor, creators, withoutDetails bool
	role                                                  string
}

// add adds the flags, but for --organization, which other clouds have too.
func (f *awsFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.role, "role-name", "", "aws: with leave to assume the role of this `NAME` in other accounts")
	c.Flags().BoolVar(&f.accessAdvisor, "access-advisor", false, "aws: with what tells when each principal last used each service")
	c.Flags().BoolVar(&f.creators, "creators", false, "aws, azure: with what tells who made users, roles, applications and keys")
	c.Flags().BoolVar(&f.withoutDetails, "without-details", false, "aws: without what is asked about single users, secrets and keys")
}

// set names the flags that were given.
func (f *awsFlags) set() []string {
	return named(
		flagged{f.organization, "--organization"}, flagged{f.role != "", "--role-name"}, flagged{f.accessAdvisor, "--access-advisor"},
		flagged{f.creators, "--creators"}, flagged{f.withoutDetails, "--without-details"},
	)
}

// options are those of a scan for which the permissions are.
func (f *awsFlags) options() live.Options {
	o := live.Options{Organization: f.organization, Role: f.role, AccessAdvisor: f.accessAdvisor, Creators: f.creators, Details: live.DetailsAuto}
	if f.withoutDetails {
		o.Details = live.DetailsNone
	}
	return o
}

"""kinds.py: one of each kind of thing that a scan lists and that moto can hold."""

import json


def fill(client, account, region, canaries):
    """Makes everything, with a canary wherever AWS keeps a value. Returns what could
    not be made, and why."""
    failed = {}
    given = iter(canaries)
    value = lambda: next(given)
    for make in (principals, federation, secrets, keys, compute, containers, builds, machines, agents, connections, center, resources, extra):
        try:
            make(client, account, region, value)
        except Exception as problem:
            failed[make.__name__] = f"{type(problem).__name__}: {problem}"
    return failed


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal, action="sts:AssumeRole", **more):
    return document({"Effect": "Allow", "Action": action, "Principal": principal, **more})


def role(account, name="runner"):
    return f"arn:aws:iam::{account}:role/{name}"


def principals(client, account, region, value):
    iam = client("iam")
    iam.create_account_alias(AccountAlias="northwind-robotics-" + account)
    iam.create_user(UserName="deployer", Path="/ci/", Tags=[{"Key": "owner", "Value": "platform@northwind.example"}])
    iam.create_access_key(UserName="deployer")
    iam.put_user_policy(UserName="deployer", PolicyName="deploy", PolicyDocument=document(allow(["iam:CreatePolicyVersion"])))
    iam.create_user(UserName="ada.lindqvist")
    iam.create_login_profile(UserName="ada.lindqvist", Password="Made-Up-" + value())
    iam.create_group(GroupName="operators")
    iam.add_user_to_group(GroupName="operators", UserName="ada.lindqvist")
    everything = iam.create_policy(PolicyName="everything", PolicyDocument=document(allow("*")))["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="operators", PolicyArn=everything)
    services = {"Service": ["ecs-tasks.amazonaws.com", "ec2.amazonaws.com", "codebuild.amazonaws.com", "states.amazonaws.com"]}
    iam.create_role(RoleName="function", AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
    iam.create_role(RoleName="runner", AssumeRolePolicyDocument=trust(services), Tags=[{"Key": "team", "Value": "fleet"}])
    iam.put_role_policy(RoleName="runner", PolicyName="read", PolicyDocument=document(allow("secretsmanager:GetSecretValue")))
    iam.create_role(RoleName="partner", AssumeRolePolicyDocument=trust({"AWS": "arn:aws:iam::999988887777:root"}))
    iam.create_instance_profile(InstanceProfileName="runner")
    iam.add_role_to_instance_profile(InstanceProfileName="runner", RoleName="runner")


def federation(client, account, region, value):
    iam = client("iam")
    provider = iam.create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["6938fd4d98bab03faadb97b34396831e3780aea1"]
    )["OpenIDConnectProviderArn"]
    iam.create_role(
        RoleName="pipeline",
        AssumeRolePolicyDocument=trust(
            {"Federated": provider}, "sts:AssumeRoleWithWebIdentity",
            Condition={"StringLike": {"token.actions.githubusercontent.com:sub": "repo:northwind/robots:*"}},
        ),
    )
    iam.create_saml_provider(Name="workforce", SAMLMetadataDocument="<EntityDescriptor/>" + " " * 1000)


def secrets(client, account, region, value):
    made = client("secretsmanager").create_secret(Name="app/database", SecretString=value(), Tags=[{"Key": "owner", "Value": "fleet"}])
    client("secretsmanager").put_resource_policy(
        SecretId=made["ARN"],
        ResourcePolicy=document({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:root"}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}),
    )
    client("ssm").put_parameter(Name="/app/token", Value=value(), Type="SecureString")
    client("ssm").put_parameter(Name="/app/colour", Value="blue", Type="String")
    client("acm").request_certificate(DomainName="robots.northwind.example")


def keys(client, account, region, value):
    kms = client("kms")
    key = kms.create_key(Description="secrets")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/secrets", TargetKeyId=key)
    kms.create_grant(KeyId=key, GranteePrincipal=role(account), Operations=["Decrypt"])


def compute(client, account, region, value):
    client("lambda").create_function(
        FunctionName="charger", Runtime="python3.12", Role=role(account, "function"), Handler="x.y", Code={"ZipFile": b"PK"},
        Environment={"Variables": {"DATABASE_PASSWORD": value()}},
    )
    client("lambda").add_permission(FunctionName="charger", StatementId="events", Action="lambda:InvokeFunction", Principal="events.amazonaws.com")
    client("ec2").create_key_pair(KeyName="ops")
    image = client("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    client("ec2").run_instances(
        ImageId=image, MinCount=1, MaxCount=1, UserData=value(), IamInstanceProfile={"Arn": f"arn:aws:iam::{account}:instance-profile/runner"}
    )


def containers(client, account, region, value):
    ecs = client("ecs")
    ecs.create_cluster(clusterName="fleet")
    ecs.register_task_definition(
        family="charger", taskRoleArn=role(account), executionRoleArn=role(account),
        containerDefinitions=[{"name": "app", "image": "app:1", "memory": 64, "environment": [{"name": "TOKEN", "value": value()}]}],
    )
    ecs.create_service(cluster="fleet", serviceName="charger", taskDefinition="charger", desiredCount=1)
    eks = client("eks")
    eks.create_cluster(name="robots", roleArn=role(account), resourcesVpcConfig={"subnetIds": []})


def builds(client, account, region, value):
    client("codebuild").create_project(
        name="site", source={"type": "S3", "location": "maps/site.zip"}, artifacts={"type": "NO_ARTIFACTS"}, serviceRole=role(account),
        environment={
            "type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "NPM_TOKEN", "value": value(), "type": "PLAINTEXT"}],
        },
    )


def machines(client, account, region, value):
    client("stepfunctions").create_state_machine(
        name="orders", roleArn=role(account),
        definition=json.dumps({"Comment": value(), "StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}}),
    )


def agents(client, account, region, value):
    client("bedrock-agent").create_agent(agentName="helper", agentResourceRoleArn=role(account))


def connections(client, account, region, value):
    client("events").create_connection(
        Name="pager", AuthorizationType="API_KEY", AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": value()}}
    )
    client("transfer").create_server()
    pool = client("cognito-idp").create_user_pool(PoolName="customers")["UserPool"]["Id"]
    client("cognito-idp").create_user_pool_client(UserPoolId=pool, ClientName="portal", GenerateSecret=True)
    client("iot").create_keys_and_certificate(setAsActive=True)


def center(client, account, region, value):
    instance = client("sso-admin").list_instances()["Instances"][0]["InstanceArn"]
    made = client("sso-admin").create_permission_set(InstanceArn=instance, Name="Operators")["PermissionSet"]["PermissionSetArn"]
    client("sso-admin").put_inline_policy_to_permission_set(InstanceArn=instance, PermissionSetArn=made, InlinePolicy=document(allow("s3:*")))
    client("sso-admin").create_account_assignment(
        InstanceArn=instance, PermissionSetArn=made, PrincipalId="11111111-2222-3333-4444-555555555555", PrincipalType="GROUP",
        TargetId=account, TargetType="AWS_ACCOUNT",
    )


def resources(client, account, region, value):
    client("s3").create_bucket(Bucket="maps-" + account, CreateBucketConfiguration={"LocationConstraint": region})
    client("s3").put_bucket_policy(
        Bucket="maps-" + account,
        Policy=document({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::maps-{account}/*"}),
    )
    client("s3").put_object(Bucket="maps-" + account, Key="secret.txt", Body=value().encode())
    client("sqs").create_queue(QueueName="orders")
    topic = client("sns").create_topic(Name="alarms")["TopicArn"]
    client("sns").add_permission(TopicArn=topic, Label="partner", AWSAccountId=["999988887777"], ActionName=["Publish"])


def extra(client, account, region, value):
    client("account").put_alternate_contact(
        AlternateContactType="SECURITY", EmailAddress="security@northwind.example", Name="Security", PhoneNumber="+10000000000", Title="Team"
    )

# The official AWS Glue 5.0 image: Spark 3.5.4, Python 3.11, Java 17 and the real Glue library.
# `make docker-test` builds this and runs `make test` in it, with our engine inert: what passes here is what AWS agrees with.
FROM public.ecr.aws/glue/aws-glue-libs:5

USER root
# The image may carry no make. It is an Amazon Linux, which installs with dnf.
RUN command -v make || (dnf install -y make && dnf clean all)

WORKDIR /home/hadoop/workspace/glue-etl
RUN chown hadoop:hadoop /home/hadoop/workspace/glue-etl
USER hadoop

# pyspark, awsglue, boto3 and pandas are the image's own; the Makefile adds the test tools alone, for this user.
ENV GLUE_CONTAINER=1 \
    PYTHON=python3 \
    PYTHONUNBUFFERED=1

# The requirements first: a change of code does not install the tools again.
COPY --chown=hadoop:hadoop setup.cfg pyproject.toml Makefile README.md ./
COPY --chown=hadoop:hadoop glue_etl glue_etl
# A login shell, for the image sets Spark's and awsglue's paths in its profile.
RUN bash -lc "make venv"

COPY --chown=hadoop:hadoop jobs jobs
COPY --chown=hadoop:hadoop benchmarks benchmarks
COPY --chown=hadoop:hadoop tests tests

ENTRYPOINT ["bash", "-lc"]
CMD ["make test"]
